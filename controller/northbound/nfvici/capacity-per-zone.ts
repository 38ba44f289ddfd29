import { capacityMeasurements, capacityMeasures } from '#shared/api/capacity-measurements.ts';
import { type ClusterNode, type InfraFacts, noResources, type Resources } from '#shared/connector/index.ts';
import type { JsonObject } from '#shared/model/json.ts';

interface Capacity {
  total: Resources;
  used: Resources;
}

/**
 * NfviCapacityInfoPerZone (ETSI GS NFV-SOL 005 clause 10.5.2.5). Where the nodes of a cluster stand in zones, the entries share the
 * infra's capacity out among them, the last one without a name for nodes in none; otherwise one entry is the whole infra. The
 * ledger knows no zones: what it has promised and nobody uses yet is spread over them as there is room.
 */
export function capacityPerZone(facts: InfraFacts, promised: Resources): JsonObject[] {
  const zones = zonesOf(facts.cluster?.nodes ?? []);
  if (zones.size === 0 || (zones.size === 1 && zones.has('')))
    return [{ capacityMeasurements: capacityMeasurements(facts.capacity, promised) }];
  const pending = (member: keyof Resources) => Math.max(0, promised[member] - (facts.capacity.used[member] ?? 0));
  const free = sumOf([...zones.values()].map(freeOf));
  return [...zones]
    .sort(([one], [other]) => Number(one === '') - Number(other === '') || one.localeCompare(other))
    .map(([resourceZoneId, capacity]) => {
      const own = freeOf(capacity);
      const shareOf = (member: keyof Resources) =>
        free[member] === 0 ? 0 : rounded((pending(member) * own[member]) / free[member]);
      // Promised includes what is used already.
      const zonePromised = amounts((member) => capacity.used[member] + shareOf(member));
      return {
        ...(resourceZoneId !== '' && { resourceZoneId }),
        capacityMeasurements: capacityMeasurements(capacity, zonePromised),
      };
    });
}

/** Nodes that take nothing new are no capacity, as in the sums of the connector. */
function zonesOf(nodes: readonly ClusterNode[]): Map<string, Capacity> {
  const zones = new Map<string, Capacity>();
  for (const { isReady, isSchedulable, zone = '', total, used } of nodes) {
    if (!isReady || !isSchedulable) continue;
    const before = zones.get(zone) ?? { total: noResources, used: noResources };
    zones.set(zone, { total: sumOf([before.total, total]), used: sumOf([before.used, used]) });
  }
  return zones;
}

function freeOf({ total, used }: Capacity): Resources {
  return amounts((member) => Math.max(0, total[member] - used[member]));
}

function sumOf(list: readonly Resources[]): Resources {
  return amounts((member) => rounded(list.reduce((sum, item) => sum + (item[member] ?? 0), 0)));
}

function amounts(amountOf: (member: keyof Resources) => number): Resources {
  return Object.fromEntries(capacityMeasures.map(({ member }) => [member, amountOf(member)])) as unknown as Resources;
}

/** Parts of a processor are counted in thousandths. */
function rounded(amount: number): number {
  return Math.round(amount * 1000) / 1000;
}
