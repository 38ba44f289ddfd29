import type { WorldEntry } from '#agent/connectors/index.ts';
import { keys } from '#controller/keys.ts';
import type { InfraId } from '#shared/model/ids.ts';
import type { Allocation, Ledger } from '#shared/model/inventory.ts';
import type { NsInstance, NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import type { SimulatedAgent } from './simulated-agent.ts';
import type { SimulatedFleet } from './simulated-fleet.ts';

/** A statement of docs/sync-protocol.md that does not hold. */
export interface Breach {
  invariant: string;
  message: string;
}

/** What must hold at any time, whatever has happened so far. */
export async function alwaysHolds(fleet: SimulatedFleet): Promise<Breach[]> {
  const breaches: Breach[] = [];
  for (const agent of fleet.agents.values()) breaches.push(...createdOnce(agent), ...namedDeletions(agent));
  if (fleet.controller !== undefined) breaches.push(...(await neverOverbooked(fleet)));
  return breaches;
}

/** What must hold once all faults have stopped and both sides had time to agree. */
export async function holdsAfterHealing(fleet: SimulatedFleet): Promise<Breach[]> {
  const breaches = await alwaysHolds(fleet);
  for (const agent of fleet.agents.values()) {
    breaches.push(...(await agreed(fleet, agent)), ...delivered(agent), ...(await platformIsAsAsked(fleet, agent)));
  }
  breaches.push(...(await operationsEnded(fleet)));
  return breaches;
}

function history(agent: SimulatedAgent): [InfraId, readonly WorldEntry[]][] {
  return [...agent.worlds].map(([infraId, file]) => [infraId, (file as unknown as { entries: WorldEntry[] }).entries]);
}

/** I3: at most one create per incarnation, and never two incarnations of one unit in place at once. */
function createdOnce(agent: SimulatedAgent): Breach[] {
  const breaches: Breach[] = [];
  for (const [, entries] of history(agent)) {
    const creates = new Set<string>();
    const present = new Map<string, string>();
    for (const entry of entries) {
      if (entry.type === 'create') {
        const { key, incarnation } = entry.unit;
        const name = `${key}#${incarnation}`;
        if (creates.has(name)) breaches.push({ invariant: 'I3', message: `${name} was created twice` });
        creates.add(name);
        const other = present.get(key);
        if (other !== undefined) {
          breaches.push({ invariant: 'I3', message: `${key}: ${incarnation} was created beside ${other}` });
        }
        present.set(key, incarnation);
      } else if (entry.type === 'remove' || entry.type === 'deleted') {
        if (present.get(entry.key) === entry.incarnation) present.delete(entry.key);
      }
    }
  }
  return breaches;
}

/** I5: a unit that the intent names and that works is not taken away by us: a removal has a tombstone or is a replacement. */
function namedDeletions(agent: SimulatedAgent): Breach[] {
  const breaches: Breach[] = [];
  for (const [, entries] of history(agent)) {
    const removed = new Map<string, number>();
    entries.forEach((entry, index) => {
      if (entry.type === 'remove') removed.set(entry.key, index);
      if (entry.type === 'create') removed.delete(entry.unit.key);
    });
    const { core } = agent;
    if (core === undefined) continue;
    for (const key of removed.keys()) {
      const isGoneFromIntent = core.holder.object(key) === undefined;
      const isBeingReplaced = core.seek.units().some((unit) => unit.key === key && !unit.isReady);
      if (!isGoneFromIntent && !isBeingReplaced)
        breaches.push({ invariant: 'I5', message: `${key} was removed though the intent names it` });
    }
  }
  return breaches;
}

/** I7: the ledger is the sum of its allocations and never above capacity; nor is what runs. */
async function neverOverbooked(fleet: SimulatedFleet): Promise<Breach[]> {
  const breaches: Breach[] = [];
  const { core, store } = fleet.living();
  for (const infra of await core.inventory.infras()) {
    const ledger = (await store.get<Ledger>(keys.ledger(infra.id)))?.value.reserved.vcpus ?? 0;
    const allocations = await store.range<Allocation>({ prefix: keys.allocation(infra.id, '') });
    const sum = allocations.reduce((total, entry) => total + entry.value.amount.vcpus, 0);
    if (sum !== ledger) breaches.push({ invariant: 'I7', message: `${infra.name}: ledger ${ledger}, sum ${sum}` });
    const capacity = infra.status.facts?.capacity;
    if (capacity !== undefined && ledger > capacity.total.vcpus)
      breaches.push({ invariant: 'I7', message: `${infra.name}: ${ledger} of ${capacity.total.vcpus} reserved` });
    if (capacity !== undefined && capacity.used.vcpus > capacity.total.vcpus)
      breaches.push({
        invariant: 'I7',
        message: `${infra.name}: ${capacity.used.vcpus} of ${capacity.total.vcpus} used`,
      });
  }
  return breaches;
}

/** I1, I9: same lineage, generation, history and root; the root is that of what the agent really holds. */
async function agreed(fleet: SimulatedFleet, agent: SimulatedAgent): Promise<Breach[]> {
  const { core } = fleet.living();
  const wanted = await core.book.head(agent.agentId);
  const held = agent.core?.holder.head();
  if (held === undefined) return [{ invariant: 'I1', message: `${agent.options.name} is down` }];
  const breaches: Breach[] = [];
  if (held.generation !== wanted.generation || held.history !== wanted.history)
    breaches.push({
      invariant: 'I1',
      message: `${agent.options.name} is at ${held.generation} of ${wanted.generation}`,
    });
  if (agent.core?.holder.root() !== wanted.root)
    breaches.push({ invariant: 'I9', message: `${agent.options.name}: roots differ at ${held.generation}` });
  return breaches;
}

/** I2: all that must be delivered has arrived. Once and in order is what the controller's chain of marks checks itself. */
function delivered(agent: SimulatedAgent): Breach[] {
  return (agent.core?.outbox.summary() ?? [])
    .filter((stream) => stream.pending > 0)
    .map(({ stream, pending }) => ({
      invariant: 'I2',
      message: `${agent.options.name}: ${pending} of ${stream} are not delivered`,
    }));
}

/** Every unit asked for runs exactly once, and nothing else of ours does. */
async function platformIsAsAsked(fleet: SimulatedFleet, agent: SimulatedAgent): Promise<Breach[]> {
  const breaches: Breach[] = [];
  const wanted = new Set<string>();
  for (const scope of await scopesOf(fleet)) {
    for (const object of await fleet.living().core.book.scope(agent.agentId, scope)) {
      if (object.body.type === 'unit') wanted.add(object.key);
    }
  }
  const running = new Map<string, number>();
  for (const [infraId] of agent.worlds) {
    for (const unit of agent.registry?.simulated(infraId)?.world().units ?? [])
      running.set(unit.key, (running.get(unit.key) ?? 0) + 1);
  }
  const name = agent.options.name;
  for (const key of wanted) {
    const count = running.get(key) ?? 0;
    if (count !== 1) breaches.push({ invariant: 'I1', message: `${name}: ${key} runs ${count} times` });
  }
  for (const key of running.keys()) {
    if (!wanted.has(key)) breaches.push({ invariant: 'I1', message: `${name}: ${key} runs and nobody asks for it` });
  }
  return breaches;
}

async function scopesOf(fleet: SimulatedFleet): Promise<string[]> {
  return (await fleet.living().store.range<NsInstance>({ prefix: 'ns/' })).map((entry) => entry.value.id);
}

/** A7: every operation has ended, and an NS that is instantiated has what was asked for. */
async function operationsEnded(fleet: SimulatedFleet): Promise<Breach[]> {
  const open = (await fleet.living().store.range<NsLcmOpOcc>({ prefix: 'op/' }))
    .map((entry) => entry.value)
    .filter(({ state }) => state === 'PROCESSING' || state === 'ROLLING_BACK' || state === 'FAILED_TEMP');
  return open.map(({ id: opId, type, state, explanation, error }) => ({
    invariant: 'A7',
    message: `${type} ${opId} is still ${state}: ${error?.detail ?? explanation.at(-1) ?? ''}`,
  }));
}
