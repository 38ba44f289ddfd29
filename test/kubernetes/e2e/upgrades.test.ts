import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { OperationView } from '#controller/cli/index.ts';
import { onSite } from '../../e2e/service.ts';
import type { Site } from '../../e2e/site.ts';
import { testImage, until } from '../cluster.ts';
import { helm } from './helm.ts';
import { KubernetesRig, skipWithoutTools } from './kubernetes-rig.ts';
import { missingImage, webPackages, webParams } from './web-packages.ts';
import { WebService } from './web-service.ts';

const timeoutS = 5;
const broken = { action: 'upgrade', params: { values: { image: missingImage, greeting: 'never' }, timeout: timeoutS } };
let rig: KubernetesRig;

test('an upgrade whose new pods never get ready', { skip: skipWithoutTools, concurrency: true }, async (t) => {
  const sites = { linked: { cluster: 'first' }, apart: { cluster: 'first' }, first: { cluster: 'first' } } as const;
  rig = await KubernetesRig.start(t, { packages: webPackages, sites });
  await Promise.all([
    t.test('rolls back by itself; tried again, rolled back by its operator, and another one works', linked),
    t.test('rolls back by itself while the link is cut, and is reported afterwards', apart),
    t.test('a first release that never gets ready says so, and is rolled back to nothing', neverThere),
  ]);
  for (const name of rig.rig.sites.keys()) await rig.gone(name);
});

async function linked(t: TestContext): Promise<void> {
  const { rig: all } = rig;
  const id = await all.newNs('web_ns', 'linked', onSite('linked'));
  const web = WebService.of(rig.cluster, id);
  const [pod] = await web.ready(1);
  const asking = web.keepAsking(t, pod!);
  const operationId = await rig.act(id, broken);
  assertRolledBack(await all.reached(operationId, 'FAILED_TEMP'));
  await assertAsBefore(web);
  const { phase, ready, message } = await all.api.kdu(id, 'web', 'web');
  assert.deepEqual([phase, ready], ['rolled-back', false]);
  assert.match(message, /not ready within 5 s: .*; rolled back to revision 1/);
  await assert.rejects(rig.act(id, broken), /is busy with operation/, 'one operation at a time');

  await all.api.steerOperation(operationId, 'retry');
  await until(async () => (await web.pods()).length === 2, 'the new version is tried again');
  assertRolledBack(await all.reached(operationId, 'FAILED_TEMP'));
  await all.api.steerOperation(operationId, 'rollback');
  await all.reached(operationId, 'ROLLED_BACK');
  await assertAsBefore(web);
  const kdu = await all.api.kdu(id, 'web', 'web');
  assert.deepEqual(
    kdu.history.map(({ cause }) => cause),
    ['instantiate'],
  );
  assert.deepEqual(await asking.stop(), ['hello'], 'the old version answered all the time');

  await all.completed(await rig.act(id, { action: 'upgrade', params: { values: { greeting: 'better' } } }));
  await web.saysTo(1, 'better');
  await rig.terminate(id);
}

async function apart(t: TestContext): Promise<void> {
  const { rig: all } = rig;
  const site = rig.site('apart');
  const id = await all.newNs('web_ns', 'apart', onSite('apart'));
  const web = WebService.of(rig.cluster, id);
  const [pod] = await web.ready(1);
  const asking = web.keepAsking(t, pod!);
  const operationId = await cutAfterAcknowledgement(site, () => rig.act(id, broken));
  await until(async () => (await web.image()) === missingImage, 'the new version is applied');
  await until(async () => (await web.image()) === testImage, 'it is rolled back');
  await assertAsBefore(web);
  await all.connected('apart', false);
  assert.equal((await all.api.operation(operationId)).operationState, 'PROCESSING', 'nothing is presumed');
  assert.deepEqual(await asking.stop(), ['hello'], 'the old version answered all the time');
  site.restore();
  assertRolledBack(await all.reached(operationId, 'FAILED_TEMP'));

  await all.api.steerOperation(operationId, 'fail');
  assert.equal((await all.api.operation(operationId)).operationState, 'FAILED');
  assert.deepEqual(await web.answers(), ['hello']);
  // What is wanted is still what failed: the user goes back, or on.
  await all.completed(await rig.act(id, { action: 'rollback' }));
  await web.saysTo(1, 'hello');
  await rig.terminate(id);
}

async function neverThere(): Promise<void> {
  const { rig: all } = rig;
  const id = await all.createNs('web_ns', 'never there');
  const web = WebService.of(rig.cluster, id);
  const params = webParams({ kdu_timeout: 3, additionalParams: { image: missingImage } });
  const operationId = await all.api.instantiateNs(id, { ...onSite('first'), ...params });
  const failed = await all.reached(operationId, 'FAILED_TEMP');
  assert.match(failed.error?.detail ?? '', /not ready within 3 s: .*web/);
  await all.api.steerOperation(operationId, 'rollback');
  await all.reached(operationId, 'ROLLED_BACK');
  await rig.endOf(web.namespace);
  await all.completed(await all.api.instantiateNs(id, onSite('first')));
  await web.saysTo(1, 'hello');
  await rig.terminate(id);
}

function assertRolledBack({ error }: OperationView): void {
  assert.match(error?.detail ?? '', new RegExp(`not ready within ${timeoutS} s: .*rolled back to revision \\d`));
  assert.match(error?.detail ?? '', /Deployment .*web/, 'what was waited for is named');
}

async function assertAsBefore(web: WebService): Promise<void> {
  await web.saysTo(1, 'hello');
  const [release] = await helm.list(rig.cluster.file, web.namespace);
  assert.equal(release?.status, 'deployed');
  const history = await helm.history(rig.cluster.file, web.namespace, release?.name ?? '');
  assert.ok(history.some(({ status }) => status === 'failed'));
}

/** The link goes as soon as the site has what it needs to go on alone. */
async function cutAfterAcknowledgement(site: Site, begin: () => Promise<string>): Promise<string> {
  const before = (await site.local.status()).intent.generation;
  const operationId = await begin();
  await site.until('the site has the intent', async () =>
    (await site.local.status()).intent.generation > before ? true : undefined,
  );
  site.cut();
  return operationId;
}
