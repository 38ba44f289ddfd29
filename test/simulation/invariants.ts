import { keys } from '#controller/keys.ts';
import type { Allocation, Ledger } from '#shared/model/inventory.ts';
import type { NsInstance, NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import { canonicalJson } from '#shared/wire/canonical-json.ts';
import type { Breach } from './breach.ts';
import type { SimulatedAgent } from './simulated-agent.ts';
import type { SimulatedFleet } from './simulated-fleet.ts';

/** A status is fresh only if something was heard so lately: three heartbeats, a long delay and a queue. */
const heardWithinMs = 150_000;

/** A7: what an operation asked for is on the platforms, or was until somebody took it away, when it ends. */
export function watchOperations(fleet: SimulatedFleet, breaches: Breach[]): void {
  fleet.storeWitness.onCompleted = (operation) => {
    for (const agent of fleet.agents.values()) breaches.push(...predicateHolds(fleet, agent, operation));
  };
}

/** What must hold at any time, whatever has happened so far. */
export async function alwaysHolds(fleet: SimulatedFleet): Promise<Breach[]> {
  const breaches: Breach[] = [...fleet.storeWitness.breaches];
  for (const agent of fleet.agents.values()) {
    const { diskWitness, platformWitness } = agent;
    breaches.push(...agent.breaches, ...diskWitness.breaches, ...platformWitness.breaches, ...aimed(fleet, agent));
  }
  if (fleet.controller !== undefined) breaches.push(...(await neverOverbooked(fleet)), ...(await freshIsFresh(fleet)));
  return breaches;
}

/** What must hold once all faults have stopped and both sides had time to agree. */
export async function holdsAfterHealing(fleet: SimulatedFleet): Promise<Breach[]> {
  const breaches = await alwaysHolds(fleet);
  for (const agent of fleet.agents.values()) {
    breaches.push(...(await agreed(fleet, agent)), ...delivered(fleet, agent), ...platformIsAsAsked(fleet, agent));
    breaches.push(...(await stateIsTrue(fleet, agent)), ...damageIsMended(agent));
  }
  breaches.push(...(await operationsEnded(fleet)));
  return breaches;
}

function predicateHolds(fleet: SimulatedFleet, agent: SimulatedAgent, operation: NsLcmOpOcc): Breach[] {
  const breaches: Breach[] = [];
  const { storeWitness } = fleet;
  const name = `${operation.type} ${operation.id} is COMPLETED and on ${agent.options.name}`;
  for (const object of storeWitness.objects.get(agent.agentId)?.values() ?? []) {
    if (object.scope !== operation.nsInstanceId || object.body.type !== 'unit') continue;
    if (!agent.platformWitness.wasMade(object.key, canonicalJson(object.body.spec)))
      breaches.push({ invariant: 'A7', message: `${name} ${object.key} was never made as it is asked for` });
  }
  // Not promised: what a disk that was set back starts again.
  if (agent.disk.faults.length > 0) return breaches;
  for (const { key, scope } of storeWitness.tombstones.values()) {
    if (scope === operation.nsInstanceId && agent.platformWitness.isPresent(key))
      breaches.push({ invariant: 'A7', message: `${name} ${key} still runs` });
  }
  return breaches;
}

/** A6: a one-shot begins on the incarnation that it names, or not at all. */
function aimed(fleet: SimulatedFleet, agent: SimulatedAgent): Breach[] {
  const breaches: Breach[] = [];
  for (const [opId, from] of agent.diskWitness.begun) {
    const named = fleet.storeWitness.oneShots.get(opId)?.incarnation;
    if (named !== undefined && named !== from)
      breaches.push({ invariant: 'A6', message: `operation ${opId} names ${named} and hit ${from}` });
  }
  return breaches;
}

/** I7: the ledger is the sum of its allocations, never above capacity, never below what runs. */
async function neverOverbooked(fleet: SimulatedFleet): Promise<Breach[]> {
  const breaches: Breach[] = [];
  const { core, store } = fleet.living();
  const breach = (message: string) => breaches.push({ invariant: 'I7', message });
  for (const infra of await core.inventory.infras()) {
    const ledger = (await store.get<Ledger>(keys.ledger(infra.id)))?.value.reserved.vcpus ?? 0;
    const allocations = await store.range<Allocation>({ prefix: keys.allocation(infra.id, '') });
    const sum = allocations.reduce((total, entry) => total + entry.value.amount.vcpus, 0);
    if (sum !== ledger) breach(`${infra.name}: ledger ${ledger}, sum ${sum}`);
    const total = infra.status.facts?.capacity.total.vcpus ?? Number.POSITIVE_INFINITY;
    if (ledger > total) breach(`${infra.name}: ${ledger} of ${total} reserved`);
    const agent = [...fleet.agents.values()].find((each) => each.agentId === infra.agentId);
    const units = agent?.platform.controls.find(([infraId]) => infraId === infra.id)?.[1].world().units ?? [];
    const used = units.reduce((amount, unit) => amount + unit.resources.vcpus, 0);
    if (used > total) breach(`${infra.name}: ${used} of ${total} used`);
    // Not promised: a disk that was set back runs more than the ledger knows, until its next contact.
    if (agent?.disk.faults.length === 0 && used > ledger) breach(`${infra.name}: ${used} run, ${ledger} are reserved`);
  }
  return breaches;
}

/** I10: what is shown as fresh came over a link that is alive. */
async function freshIsFresh(fleet: SimulatedFleet): Promise<Breach[]> {
  const { core, store } = fleet.living();
  const silent = [...fleet.agents.values()].filter((agent) => fleet.clock.mono() - agent.lastHeardMs > heardWithinMs);
  if (silent.length === 0) return [];
  const breaches: Breach[] = [];
  for (const { value } of await store.range<NsInstance>({ prefix: 'ns/' })) {
    const view = await core.lcm.queries.ns(value.id).catch(() => undefined);
    for (const vnf of value.desired?.vnfs ?? []) {
      const agent = silent.find((each) => each.agentId === vnf.placement.agentId);
      const units = view?.vnfs.find((each) => each.vnf.id === vnf.vnfInstanceId)?.units ?? [];
      if (agent !== undefined && units.some((unit) => unit.fresh))
        breaches.push({ invariant: 'I10', message: `${vnf.name} is shown as fresh, ${agent.options.name} is silent` });
    }
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

/** I2: all that must be delivered has arrived; the disk's own writes tell what that is. Once and in order is always watched. */
function delivered(fleet: SimulatedFleet, agent: SimulatedAgent): Breach[] {
  const missing = [...agent.diskWitness.owed].filter((id) => !fleet.storeWitness.isApplied(agent.agentId, id));
  const breaches = missing.map((recordId) => ({
    invariant: 'I2',
    message: `${agent.options.name}: ${agent.diskWitness.records.get(recordId)?.stream} ${recordId} never arrived`,
  }));
  for (const { stream, pending } of agent.core?.outbox.summary() ?? [])
    if (pending > 0)
      breaches.push({ invariant: 'I2', message: `${agent.options.name}: ${pending} of ${stream} are not delivered` });
  return breaches;
}

/** Every unit asked for runs exactly once and as asked, and nothing else of ours does. */
function platformIsAsAsked(fleet: SimulatedFleet, agent: SimulatedAgent): Breach[] {
  const breaches: Breach[] = [];
  const breach = (message: string) => breaches.push({ invariant: 'I1', message: `${agent.options.name}: ${message}` });
  const wanted = new Map<string, string>();
  for (const { key, body } of fleet.storeWitness.objects.get(agent.agentId)?.values() ?? [])
    if (body.type === 'unit') wanted.set(key, canonicalJson(body.spec));
  const units = agent.platform.controls.flatMap(([, control]) => control.world().units);
  for (const [key, spec] of wanted) {
    const running = units.filter((unit) => unit.key === key);
    if (running.length !== 1) breach(`${key} runs ${running.length} times`);
    for (const unit of running) {
      if (canonicalJson(unit.spec) !== spec) breach(`${key} runs with another spec`);
      if (unit.failure !== undefined || unit.isDrifted === true) breach(`${key} is broken`);
    }
  }
  for (const { key } of units) if (!wanted.has(key)) breach(`${key} runs and nobody asks for it`);
  return breaches;
}

/** A1: what the controller shows of a unit is what the platform has. */
async function stateIsTrue(fleet: SimulatedFleet, agent: SimulatedAgent): Promise<Breach[]> {
  const breaches: Breach[] = [];
  const { store } = fleet.living();
  for (const [, control] of agent.platform.controls) {
    for (const { key, incarnation } of control.world().units) {
      const state = await store.get<{ body: { ready: boolean; observed: { incarnation: string } | null } }>(
        keys.state(agent.agentId, key),
      );
      const { ready, observed } = state?.value.body ?? {};
      if (ready !== true || observed?.incarnation !== incarnation)
        breaches.push({
          invariant: 'A1',
          message: `${agent.options.name}: ${key} is shown as ${observed?.incarnation}, ready: ${ready}; ${incarnation} runs`,
        });
    }
  }
  return breaches;
}

/** A3: a store that was damaged is not spoken for again. */
function damageIsMended(agent: SimulatedAgent): Breach[] {
  return agent.damagedStores.has(agent.diskWitness.storeId)
    ? [{ invariant: 'A3', message: `${agent.options.name}: a damaged store goes on without a rebirth` }]
    : [];
}

/** A7: every operation has ended. */
async function operationsEnded(fleet: SimulatedFleet): Promise<Breach[]> {
  const open = (await fleet.living().store.range<NsLcmOpOcc>({ prefix: 'op/' }))
    .map((entry) => entry.value)
    .filter(({ state }) => state === 'PROCESSING' || state === 'ROLLING_BACK' || state === 'FAILED_TEMP');
  return open.map(({ id: opId, type, state, explanation, error }) => ({
    invariant: 'A7',
    message: `${type} ${opId} is still ${state}: ${error?.detail ?? explanation.at(-1) ?? ''}`,
  }));
}
