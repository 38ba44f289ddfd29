import { addResources, envelopeOf, subtractResources } from '#controller/decide/index.ts';
import { noResources, type Resources } from '#shared/connector/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { InfraId } from '#shared/model/ids.ts';
import type { Allocation, Infra, InfraStatus, Ledger } from '#shared/model/inventory.ts';
import type { HeldResources, NsDesired } from '#shared/model/ns-lcm.ts';
import type { Change, Expectation, Store } from '#shared/store/store.ts';
import { keys } from '../keys.ts';

export interface LedgerChange {
  held: HeldResources[];
  changes: Change[];
  expect: Expectation[];
}

/** What is held while an operation is open: the larger of what was held and what is wanted, per VNF and infra. */
export function heldDuring(held: readonly HeldResources[], desired: NsDesired | undefined): HeldResources[] {
  const merged = new Map(held.map((item) => [idOf(item), item]));
  for (const item of heldAfter(desired)) {
    const before = merged.get(idOf(item));
    merged.set(idOf(item), before === undefined ? item : { ...item, amount: envelopeOf(before.amount, item.amount) });
  }
  return [...merged.values()];
}

/** What is held once every site has reached what is wanted. */
export function heldAfter(desired: NsDesired | undefined): HeldResources[] {
  return (desired?.vnfs ?? []).flatMap(({ vnfInstanceId, placement, kdus }) => {
    const places = [placement, ...kdus.flatMap((kdu) => kdu.placement ?? [])];
    const byInfra = new Map(places.map(({ infraId, amount }) => [infraId, { infraId, vnfInstanceId, amount }]));
    return [...byInfra.values()];
  });
}

/**
 * Moves the ledger from what the NS held to what it is to hold.
 *
 * @throws NoPlacement when an infra would promise more than it has (I7).
 */
export async function changeLedger(
  store: Store,
  nsInstanceId: string,
  before: readonly HeldResources[],
  after: HeldResources[],
): Promise<LedgerChange> {
  const changes: Change[] = [];
  const differences = new Map<InfraId, Resources>();
  const old = new Map(before.map((item) => [idOf(item), item]));
  for (const item of after) {
    const present = old.get(idOf(item));
    old.delete(idOf(item));
    if (present !== undefined && isSame(present.amount, item.amount)) continue;
    const allocation: Allocation = { ...item, nsInstanceId };
    changes.push({ key: keys.allocation(item.infraId, item.vnfInstanceId), value: allocation });
    note(differences, item.infraId, subtractResources(item.amount, present?.amount ?? noResources));
  }
  for (const item of old.values()) {
    changes.push({ key: keys.allocation(item.infraId, item.vnfInstanceId), value: undefined });
    note(differences, item.infraId, subtractResources(noResources, item.amount));
  }
  const expect: Expectation[] = [];
  for (const [infraId, difference] of differences) {
    // Written even when the sum stays: an infra is deleted only at a ledger that nobody has touched.
    const key = keys.ledger(infraId);
    const entry = await store.get<Ledger>(key);
    const reserved = addResources(entry?.value.reserved ?? noResources, difference);
    await checkCapacity(store, infraId, reserved, difference);
    changes.push({ key, value: { infraId, reserved } satisfies Ledger });
    expect.push({ key, revision: entry?.revision ?? 0 });
  }
  return { held: after, changes, expect };
}

function idOf(item: HeldResources): string {
  return `${item.infraId}/${item.vnfInstanceId}`;
}

function note(differences: Map<InfraId, Resources>, infraId: InfraId, difference: Resources): void {
  differences.set(infraId, addResources(differences.get(infraId) ?? noResources, difference));
}

function isSame(left: Resources, right: Resources): boolean {
  return left.vcpus === right.vcpus && left.memoryMib === right.memoryMib && left.storageGib === right.storageGib;
}

const resourceNames = ['vcpus', 'memoryMib', 'storageGib'] as const;

/** Only what grows is checked: giving back is always possible, also where the infra has shrunk. */
async function checkCapacity(
  store: Store,
  infraId: InfraId,
  reserved: Resources,
  difference: Resources,
): Promise<void> {
  const status = await store.get<InfraStatus>(keys.infraStatus(infraId));
  for (const name of resourceNames) {
    const total: number | undefined = status?.value.facts?.capacity.total[name];
    if (difference[name] <= 0 || total === undefined || reserved[name] <= total) continue;
    const infra = await store.get<Infra>(keys.infra(infraId));
    const free = Math.max(0, total - (reserved[name] - difference[name]));
    const sentence = `${infra?.value.name ?? infraId} has ${free} of ${total} ${name} free, ${difference[name]} more are needed.`;
    throw new SkerryError('NoPlacement', sentence, {
      details: { explanation: [sentence] },
      remedy: 'Free capacity there, or ask for less.',
    });
  }
}
