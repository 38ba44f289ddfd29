import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { SeededRandom } from '#shared/runtime/seeded-random.ts';
import { onSite } from '../../e2e/service.ts';
import { auditLog, chaosCommand } from '../cluster.ts';
import { type AuditedChange, AuditLog } from './audit.ts';
import { chaos, killAtRandom } from './chaos.ts';
import { KubernetesRig, skipWithoutTools } from './kubernetes-rig.ts';
import { WebLife } from './life.ts';
import { webPackages, webParams } from './web-packages.ts';
import { WebService } from './web-service.ts';

const kills = 30;
const skip =
  skipWithoutTools ||
  (chaosCommand === undefined ? 'nothing may be killed: set SKERRY_TEST_CHAOS to a command' : false);

test(`${kills} times kill -9 of API server, kubelet and agent while services come, change and go`, {
  skip,
}, async (t) => {
  const seed = Number(process.env['SKERRY_E2E_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`seed ${seed}: SKERRY_E2E_SEED=${seed} orders the same kills`);
  t.after(() => chaos('revive'));
  const rig = await KubernetesRig.start(t, { packages: webPackages, sites: { site: { cluster: 'first' } } });
  const foreign = await foreignObject(t, rig);
  const audit = auditLog === undefined ? undefined : new AuditLog(auditLog);
  const steady = await steadyService(t, rig, foreign.namespace);

  const lives = ['one', 'two'].map((name) => new WebLife(rig, 'site', name));
  let isKilling = true;
  const random = new SeededRandom(seed);
  const killer = killAtRandom({ random, kills, site: rig.site('site'), longestLifeMs: 1500 }).finally(() => {
    isKilling = false;
  });
  const [dead] = await Promise.all([killer, ...lives.map((life) => life.run(() => isKilling))]);
  t.diagnostic(`killed ${JSON.stringify(dead)}; completed ${lives.map((life) => JSON.stringify(life.completed))}`);
  for (const { completed } of lives) assert.ok((completed['TERMINATE'] ?? 0) >= 1, 'at least one whole life was lived');

  await t.test('what was not asked for is as it was', async () => {
    assert.deepEqual(await steady.asking.stop(), ['hello'], 'the service answered all the time');
    const after = await steady.web.deployment();
    assert.equal(after?.metadata.uid, steady.uid);
    assert.deepEqual(await foreign.look(), foreign.before);
  });

  await t.test('what comes after works as before, and nothing is left behind', async () => {
    const last = new WebLife(rig, 'site', 'last');
    let rounds = 0;
    await last.run(() => rounds++ === 0);
    steady.endAtMs = Date.now();
    await rig.rig.completed(await rig.rig.api.terminateNs(steady.id, {}));
    await rig.gone('site');
    assert.deepEqual(await foreign.look(), foreign.before);
    const status = await rig.site('site').local.status();
    assert.deepEqual([status.store, status.deletionsHeld], [{ opened: 'clean', damage: [] }, 0]);
  });

  await t.test('every object was made once and removed when it was ordered', async (t) => {
    if (audit === undefined) return t.skip('no audit log: set SKERRY_TEST_AUDIT_LOG');
    const ends = new Map(lives.flatMap((life) => [...life.endedAtMs]));
    ends.set(foreign.namespace, steady.endAtMs);
    const changes = await audit.changes(new Set(ends.keys()));
    t.diagnostic(`${changes.length} changes in ${ends.size} namespaces`);
    assert.ok(changes.length > 20 * lives.length, 'the audit log tells of the work');
    assertExact(changes, ends);
    const touched = changes.filter(({ object }) => object.includes('theirs'));
    assert.deepEqual(touched, [], 'foreign objects are never written to');
  });
});

function assertExact(changes: readonly AuditedChange[], ends: ReadonlyMap<string, number>): void {
  const made = new Map<string, number>();
  for (const { what, namespace, object, atMs } of changes) {
    const name = `${namespace} ${object}`;
    if (what === 'create') made.set(name, (made.get(name) ?? 0) + 1);
    if (what === 'delete')
      assert.ok(atMs >= (ends.get(namespace) ?? 0), `${name} was deleted before its end was ordered`);
  }
  assert.deepEqual(
    [...made].filter(([, count]) => count > 1),
    [],
    'made more than once',
  );
}

/** In the namespace that the steady service is put into. */
async function foreignObject(t: TestContext, rig: KubernetesRig) {
  const { cluster } = rig;
  const namespace = await rig.foreignNamespace(t);
  const metadata = { name: 'theirs', namespace };
  await cluster.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: 'b' } });
  const look = () => cluster.get('v1', 'ConfigMap', { namespace, name: 'theirs' });
  return { namespace, look, before: await look() };
}

/** Nobody touches it: it answers whatever dies around it. */
async function steadyService(t: TestContext, { rig, cluster }: KubernetesRig, namespace: string) {
  const id = await rig.createNs('web_ns', 'steady');
  await rig.completed(
    await rig.api.instantiateNs(id, { ...onSite('site'), ...webParams({ 'k8s-namespace': namespace }) }),
  );
  const web = new WebService(cluster, namespace);
  const [pod] = await web.ready(1);
  const uid = (await web.deployment())?.metadata.uid;
  return { id, web, uid, asking: web.keepAsking(t, pod!), endAtMs: Number.POSITIVE_INFINITY };
}
