import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSkerryError } from '#shared/errors/index.ts';
import { type AgentId, type InfraId, id, type SiteId, type VnfInstanceId } from '#shared/model/ids.ts';
import type { PlacementWish } from '#shared/model/ns-lcm-requests.ts';
import { type AffinityRule, type InfraCandidate, type PlacementAsk, placeVnfs } from './place.ts';
import { addResources } from './vnf-needs.ts';

function candidate(name: string, changes: Partial<InfraCandidate> = {}): InfraCandidate {
  const total = { vcpus: 8, memoryMib: 8192, storageGib: 100 };
  const none = { vcpus: 0, memoryMib: 0, storageGib: 0 };
  return {
    infraId: id<InfraId>(`infra-${name}`),
    infraName: `cloud-${name}`,
    kind: 'simulated',
    schedulable: true,
    labels: {},
    siteId: id<SiteId>(`site-id-${name}`),
    siteName: `site-${name}`,
    agentId: id<AgentId>(`agent-${name}`),
    facts: {
      kind: 'simulated',
      version: '1',
      features: [],
      zones: [],
      images: [],
      capacity: { total, used: none },
      healthy: true,
    } as InfraCandidate['facts'],
    reserved: none,
    connected: true,
    since: 0,
    ...changes,
  };
}

function ask(name: string, vcpus: number, wish: PlacementWish = {}, rules: AffinityRule[] = []): PlacementAsk {
  const amount = { vcpus, memoryMib: 512, storageGib: 1 };
  const needs = { unitKinds: ['compute' as const], amount, images: [] };
  return { vnfInstanceId: id<VnfInstanceId>(name), profileId: name, name, needs, wish, rules };
}

function sitesOf(asks: PlacementAsk[], candidates: InfraCandidate[]): Record<string, string> {
  const placed = placeVnfs(asks, candidates);
  assert.ok(placed.ok, placed.ok ? '' : placed.error.message);
  return Object.fromEntries(asks.map(({ name, vnfInstanceId }) => [name, placed.value.get(vnfInstanceId)!.siteId]));
}

function refusal(asks: PlacementAsk[], candidates: InfraCandidate[]): string[] {
  const placed = placeVnfs(asks, candidates);
  assert.ok(!placed.ok && isSkerryError(placed.error));
  assert.equal(placed.error.code, 'NoPlacement');
  return placed.error.details['explanation'] as string[];
}

test('capacity is never exceeded, each choice explains itself and every infra that was refused', () => {
  const loads = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 10 });
  const reserved = fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(loads, reserved, (sizes, promised) => {
      const candidates = promised.map((vcpus, index) =>
        candidate(String(index), { reserved: { vcpus, memoryMib: 0, storageGib: 0 } }),
      );
      const asks = sizes.map((vcpus, index) => ask(`vnf${index}`, vcpus));
      const placed = placeVnfs(asks, candidates);
      assert.deepEqual(placeVnfs(asks, candidates), placed, 'deterministic');
      if (!placed.ok) {
        const explanation = (placed.error as { details?: Record<string, unknown> }).details?.[
          'explanation'
        ] as string[];
        assert.ok(explanation.length > 0);
        return;
      }
      assert.equal(placed.value.size, asks.length);
      for (const { infraId, reserved: before, facts } of candidates) {
        const amounts = [...placed.value.values()]
          .filter((each) => each.infraId === infraId)
          .map((each) => each.amount);
        const sum = amounts.reduce(addResources, before);
        assert.ok(sum.vcpus <= facts!.capacity.total.vcpus || amounts.length === 0);
      }
      for (const { name, vnfInstanceId } of asks) {
        const [why, ...not] = placed.value.get(vnfInstanceId)!.explanation;
        assert.match(why!, new RegExp(`^${name} is placed on cloud-`));
        assert.ok(not.every((sentence) => sentence.startsWith('not on cloud-')));
      }
    }),
    { numRuns: 200 },
  );
});

test('one that must back out of a choice finds the only way that fits', () => {
  const small = candidate('small', { reserved: { vcpus: 5, memoryMib: 0, storageGib: 0 } });
  const sites = sitesOf([ask('big', 8), ask('little', 3)], [small, candidate('large')]);
  assert.deepEqual(sites, { big: 'site-id-large', little: 'site-id-small' });
});

test('spreads over sites, then goes where more is free, then by name', () => {
  const spread = sitesOf([ask('x', 1), ask('y', 1), ask('z', 1)], [candidate('c'), candidate('a'), candidate('b')]);
  assert.deepEqual(new Set(Object.values(spread)).size, 3);
  assert.equal(spread['x'], 'site-id-a');
});

test('wishes by name or id, of site or infra, and labels', () => {
  const both = [candidate('a'), candidate('b', { labels: { region: 'north' } })];
  for (const wish of [
    { site: 'site-b' },
    { site: 'site-id-b' },
    { infra: 'cloud-b' },
    { infra: 'infra-b' },
    { labels: { region: 'north' } },
  ])
    assert.deepEqual(sitesOf([ask('x', 1, wish)], both), { x: 'site-id-b' });
  assert.match(refusal([ask('x', 1, { labels: { region: 'south' } })], both)[1]!, /region=south, it has north/);
  assert.match(refusal([ask('x', 1, { site: 'nowhere' })], both)[0]!, /x: not on cloud-a at site-a: .*site nowhere/);
});

test('a site that cannot be reached is used only when it is named; one that is closed or unknown never', () => {
  const away = candidate('away', { connected: false, since: 0 });
  assert.match(refusal([ask('x', 1)], [away])[0]!, /site-away unreachable since 1970-01-01T00:00:00.000Z/);
  const placed = placeVnfs([ask('x', 1, { site: 'site-away' })], [away]);
  assert.ok(placed.ok);
  assert.match([...placed.value.values()][0]!.explanation.join(' '), /it was named, so it waits/);
  const named = ask('x', 1, { site: 'site-z' });
  assert.match(refusal([named], [candidate('z', { schedulable: false })])[0]!, /closed for new placements/);
  assert.match(refusal([named], [candidate('z', { facts: null })])[0]!, /not reported its capacity/);
  assert.match(refusal([ask('x', 1)], [])[0]!, /There is no infra at all/);
});

test('affinity keeps together and anti-affinity apart, of what is placed already too', () => {
  const all = [candidate('a'), candidate('b'), candidate('c')];
  const rule = (policy: AffinityRule['policy'], scope = 'nfvi-pop'): AffinityRule[] => [{ id: 'g', policy, scope }];
  const together = ['x', 'y', 'z'].map((name) => ask(name, 1, {}, rule('affinity')));
  assert.equal(new Set(Object.values(sitesOf(together, all))).size, 1);
  const apart = ['x', 'y', 'z'].map((name) => ask(name, 1, {}, rule('anti-affinity')));
  assert.equal(new Set(Object.values(sitesOf(apart, all))).size, 3);
  const fourth = ask('w', 1, {}, rule('anti-affinity'));
  assert.match(refusal([...apart, fourth], all)[0]!, /group g keeps it apart from/);
  const here = { vnfInstanceId: id<VnfInstanceId>('old'), name: 'old', infraId: all[1]!.infraId, ruleIds: ['g'] };
  const placed = placeVnfs([together[0]!], all, [{ ...here, siteId: all[1]!.siteId }]);
  assert.ok(placed.ok);
  assert.equal(placed.value.get(together[0]!.vnfInstanceId)!.infraId, 'infra-b');
});

test('what a platform does not make is not asked of it', () => {
  const cluster = candidate('k8s', { kind: 'kubernetes' });
  assert.match(refusal([ask('x', 1)], [cluster])[0]!, /it offers no compute/);
});

test('a request that cannot be met is answered in bounded time', () => {
  const all = Array.from({ length: 40 }, (_, index) => candidate(String(index).padStart(2, '0')));
  const asks = Array.from({ length: 45 }, (_, index) => ask(`vnf${index}`, 8));
  assert.ok(refusal(asks, all).length > 0);
});
