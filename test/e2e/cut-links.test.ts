import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CutMode } from '#controller/cli/index.ts';
import { Rig } from './rig.ts';
import { edgeService, keysOf, onSite, scaleVnf, vnfOf } from './service.ts';
import type { Site } from './site.ts';

/** When the link goes: before the request, as soon as it is accepted, or when the first of its effects shows. */
const phases = ['before', 'accepted', 'first-effect'] as const;
type Phase = (typeof phases)[number];
interface Scenario {
  site: string;
  phase: Phase;
  mode: CutMode;
  /** How often a key was killed or deleted at this site so far. */
  replaced: Map<string, number>;
}

let rig: Rig;

test('a link cut during operations', { concurrency: true }, async (t) => {
  const sites = ['site-a', 'site-b', 'site-c', 'site-d'];
  rig = await Rig.start(t, { sites, infra: { latencyMs: { call: 10, boot: 150 } } });
  await Promise.all([
    ...phases.map((phase, index) =>
      t.test(`${phase}: refused connections, then a black hole`, async () => {
        const site = sites[index] ?? '';
        const replaced = new Map<string, number>();
        await liveThrough({ site, phase, mode: 'reset', replaced });
        await liveThrough({ site, phase, mode: 'silent', replaced });
      }),
    ),
    t.test('silence is noticed, and what died meanwhile was healed by the site', () => deathInSilence('site-d')),
  ]);
});

/** Instantiate, scale and terminate, each with the link cut at the phase and restored later. */
async function liveThrough(scenario: Scenario): Promise<void> {
  const { site: siteName, phase, mode, replaced } = scenario;
  const site = rig.site(siteName);
  const id = await rig.createNs('edge_service_ns', `${siteName}-${mode}`);

  await whileCut(scenario, () => rig.api.instantiateNs(id, onSite(siteName)), edgeService.instantiated);
  exact(site, edgeService.instantiated, replaced);
  const cache = vnfOf(await rig.ns(id), 'cache');

  await whileCut(
    scenario,
    () => rig.api.scaleNs(id, scaleVnf(cache.id, 'content')),
    edgeService.scaled,
    async () => {
      if (phase === 'first-effect') await killAndHeal(site, replaced);
    },
  );
  exact(site, edgeService.scaled, replaced);

  await whileCut(scenario, () => rig.api.terminateNs(id, {}), {});
  exact(site, {}, replaced);
  assert.equal((await rig.ns(id)).nsState, 'NOT_INSTANTIATED');
  await rig.api.deleteNs(id);
}

/** Runs one operation across a cut. What the site knew of before the cut, it finishes alone. */
async function whileCut(
  { site: siteName, phase, mode }: Scenario,
  begin: () => Promise<string>,
  wanted: Record<string, number>,
  meanwhile: () => Promise<void> = async () => {},
): Promise<void> {
  const site = rig.site(siteName);
  const known = site.effects().entries.length;
  if (phase === 'before') {
    site.cut(mode);
    if (mode === 'reset') await rig.connected(siteName, false);
  }
  const operationId = await begin();
  if (phase === 'first-effect') {
    await site.until('the first effect shows', () => (site.effects().entries.length > known ? true : undefined));
  }
  site.cut(mode);
  if (phase === 'first-effect') await site.standing(wanted);
  if (mode === 'reset') {
    await rig.connected(siteName, false);
    await assertUnreachable(operationId, siteName);
  }
  if (phase === 'before') assert.equal(site.effects().entries.length, known, 'nothing can have been asked of the site');
  await meanwhile();
  assert.equal(
    (await rig.api.operation(operationId)).operationState,
    'PROCESSING',
    'nothing is presumed failed or done',
  );
  site.restore();
  await rig.completed(operationId);
}

/** An operation whose site is away says so, and since when. */
async function assertUnreachable(operationId: string, siteName: string): Promise<void> {
  const operation = await rig.api.operation(operationId);
  const progress = operation._skerry?.progress?.sites.find((one) => one.siteName === siteName);
  assert.equal(operation.operationState, 'PROCESSING');
  assert.equal(progress?.connected, false);
  assert.ok(Date.parse(progress?.since ?? '') <= Date.now() + 1000, `since when: ${progress?.since}`);
}

/** With the link cut, one machine dies and another is deleted: the site mends both by itself, once each. */
async function killAndHeal(site: Site, replaced: Map<string, number>): Promise<void> {
  const [dead, deleted] = site.effects().keys('compute').slice(-2) as [string, string];
  await site.order('kill', { key: dead });
  await site.order('delete', { key: deleted });
  for (const key of [dead, deleted]) {
    replaced.set(key, (replaced.get(key) ?? 0) + 1);
    await site.until(`${key} is mended`, async () => {
      if (site.effects().incarnations().get(key) !== 1 + (replaced.get(key) ?? 0)) return undefined;
      return (await site.local.unit(key)).isReady ? true : undefined;
    });
  }
}

/** A link that fades without a word: the controller says "not connected", never "failed"; the site heals alone. */
async function deathInSilence(siteName: string): Promise<void> {
  const site = rig.site(siteName);
  const id = await rig.newNs('edge_service_ns', 'silent', onSite(siteName));
  const [machine = ''] = keysOf(vnfOf(await rig.ns(id), 'router'));
  site.cut('silent');
  await site.order('kill', { key: machine });
  const replaced = new Map([[machine, 1]]);
  await site.until('the machine is made again', () =>
    site.effects().incarnations().get(machine) === 2 ? true : undefined,
  );
  // A heartbeat every 30 s, and 10 s for one that is late.
  await rig.until('the silence is noticed', async () => ((await connectedState(siteName)) ? undefined : true), 60_000);
  const router = vnfOf(await rig.ns(id), 'router');
  const unit = router._skerry?.units?.find((one) => one.key === machine);
  assert.equal(router.instantiationState, 'INSTANTIATED');
  assert.equal(unit?.fresh, false, 'what a silent site said is not fresh');
  assert.ok(unit?.reportedAt, 'its age is told');
  const infra = (await rig.api.infras()).find((one) => one.id === site.infraId);
  assert.equal(infra?.connected, false);
  assert.ok((infra?.ageMs ?? 0) > 10_000, `the age of its facts: ${infra?.ageMs}`);
  site.restore();
  await rig.connected(siteName);
  await rig.until('what the site did is known', async () => {
    const now = vnfOf(await rig.ns(id), 'router')._skerry?.units?.find((one) => one.key === machine);
    return now?.ready && now.fresh ? now : undefined;
  });
  await rig.completed(await rig.api.terminateNs(id, {}));
  exact(site, {}, replaced);
}

async function connectedState(siteName: string): Promise<boolean | undefined> {
  const { agentId } = rig.site(siteName);
  return (await rig.api.agents()).find((agent) => agent.id === agentId)?.status?.connected;
}

function exact(site: Site, wanted: Record<string, number>, replaced?: ReadonlyMap<string, number>): void {
  const effects = site.effects();
  effects.assertExact(replaced);
  assert.deepEqual(effects.kinds(), wanted);
}
