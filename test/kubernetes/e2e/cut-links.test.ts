import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CutMode } from '#controller/cli/index.ts';
import { onSite, scaleVnf, vnfOf } from '../../e2e/service.ts';
import { until } from '../cluster.ts';
import { KubernetesRig, skipWithoutTools } from './kubernetes-rig.ts';
import { webPackages } from './web-packages.ts';
import { WebService } from './web-service.ts';

let rig: KubernetesRig;

test('a link cut during operations on a cluster', { skip: skipWithoutTools, concurrency: true }, async (t) => {
  const sites = { refused: { cluster: 'first' }, silent: { cluster: 'first' } } as const;
  rig = await KubernetesRig.start(t, { packages: webPackages, sites });
  await Promise.all([
    t.test('connections refused', () => live('refused', 'reset')),
    t.test('a black hole', () => live('silent', 'silent')),
  ]);
  for (const name of rig.rig.sites.keys()) await rig.gone(name);
});

async function live(siteName: string, mode: CutMode): Promise<void> {
  const { rig: all } = rig;
  const id = await all.createNs('web_ns', siteName);
  const web = WebService.of(rig.cluster, id);
  const namespace = () => rig.cluster.get('v1', 'Namespace', { name: web.namespace });
  const cut = { siteName, mode };
  await whileCut(
    { ...cut, since: async () => (await namespace()) !== undefined },
    () => all.api.instantiateNs(id, onSite(siteName)),
    () => web.saysTo(1, 'hello'),
  );
  const vnf = vnfOf(await all.ns(id), 'web');
  await whileCut(
    cut,
    () => all.api.scaleNs(id, scaleVnf(vnf.id, 'load', 'OUT', 2)),
    () => web.saysTo(3, 'hello'),
  );
  const values = { greeting: 'upgraded' };
  await whileCut(
    cut,
    () => rig.act(id, { action: 'upgrade', params: { values } }),
    async () => {
      await until(async () => (await web.answers()).every((text) => text === 'upgraded'), 'the new version answers');
      await web.saysTo(3, 'upgraded');
    },
  );
  await whileCut(
    cut,
    () => all.api.terminateNs(id, {}),
    () => rig.endOf(web.namespace),
  );
  assert.equal((await all.ns(id)).nsState, 'NOT_INSTANTIATED');
}

interface Cut {
  siteName: string;
  mode: CutMode;
  /** Later than the site's acknowledgement: a chart that is new to it comes over the link. */
  since?: () => Promise<boolean>;
}

/** The site finishes alone; the controller presumes nothing and is told afterwards. */
async function whileCut(
  { siteName, mode, since }: Cut,
  begin: () => Promise<string>,
  isDone: () => Promise<unknown>,
): Promise<void> {
  const { rig: all } = rig;
  const site = rig.site(siteName);
  const before = (await site.local.status()).intent.generation;
  const operationId = await begin();
  await site.until('the site has the intent', async () =>
    (await site.local.status()).intent.generation > before ? true : undefined,
  );
  if (since !== undefined) await until(since, 'the first effect shows');
  site.cut(mode);
  await isDone();
  if (mode === 'reset') await all.connected(siteName, false);
  assert.equal((await all.api.operation(operationId)).operationState, 'PROCESSING');
  site.restore();
  await all.completed(operationId);
}
