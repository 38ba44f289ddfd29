import type { AgentSessionRecord } from '#controller/agentlink/session-record.ts';
import { keys } from '#controller/keys.ts';
import { isSkerryError } from '#shared/errors/index.ts';
import type { NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import type { Breach } from './breach.ts';
import { alwaysHolds, holdsAfterHealing, watchOperations } from './invariants.ts';
import { type FleetOptions, operator, SimulatedFleet } from './simulated-fleet.ts';
import { Workload } from './workload.ts';

export interface SeedResult {
  seed: number;
  breaches: Breach[];
  /** Virtual milliseconds from the end of the faults until both sides agreed. */
  healedAfterMs: number;
  deaths: { agents: number; controllers: number };
  diskFaults: number;
  operations: number;
  records: number;
  /** What was done, line by line. */
  transcript: readonly string[];
}

export interface RunOptions extends FleetOptions {
  /** Told of every deed when it begins. */
  note?: (line: string) => void;
  look?: (fleet: SimulatedFleet) => void;
  /** Virtual time in which all must come to rest; three hours. */
  healingLimitMs?: number;
}

const stepCount = 40;
const defaultHealingLimitMs = 3 * 3_600_000;

/** Forty deeds of users, world and faults; then the faults stop, everything is brought back, and all must come to rest. */
export async function runSeed(seed: number, options: RunOptions = {}): Promise<SeedResult> {
  const fleet = new SimulatedFleet(seed, options);
  const transcript: string[] = [];
  const note = (line: string) => {
    transcript.push(line);
    options.note?.(line);
  };
  const operationBreaches: Breach[] = [];
  watchOperations(fleet, operationBreaches);
  await fleet.startController();
  await fleet.onboard();
  for (const site of ['site-a', 'site-b', 'site-c'])
    await fleet.addSite(site, [24, 40, 64][Math.floor(fleet.random.next() * 3)]!);
  await fleet.pass(2_000);

  const workload = new Workload(fleet, fleet.random.fork(), note);
  Object.assign(fleet.rates, { agentDies: 0.004, controllerDies: 0.003, frameCuts: 0.003, lateFrames: 0.03 });
  let breaches: Breach[] = [];
  for (let step = 0; step < stepCount && breaches.length === 0; step += 1) {
    await workload.act();
    await fleet.pass(Math.floor(fleet.random.next() ** 3 * 60_000));
    breaches = [...operationBreaches, ...(await alwaysHolds(fleet))];
  }
  const startMs = fleet.clock.mono();
  if (breaches.length === 0)
    breaches = [...(await heal(fleet, note, options.healingLimitMs ?? defaultHealingLimitMs)), ...operationBreaches];
  options.look?.(fleet);
  const { deaths, clock, agents } = fleet;
  return {
    seed,
    breaches,
    deaths,
    healedAfterMs: clock.mono() - startMs,
    diskFaults: [...agents.values()].reduce((sum, agent) => sum + agent.disk.faults.length, 0),
    operations: workload.operations.length,
    records: [...agents.values()].reduce((sum, agent) => sum + agent.diskWitness.records.size, 0),
    transcript,
  };
}

async function heal(fleet: SimulatedFleet, note: (line: string) => void, limitMs: number): Promise<Breach[]> {
  note(`${fleet.clock.mono()} ms: all faults end`);
  await fleet.endFaults();
  const endMs = fleet.clock.mono() + limitMs;
  for (;;) {
    await fleet.pass(5_000);
    await retryFailed(fleet);
    await nameTrueStores(fleet);
    const breaches = await holdsAfterHealing(fleet);
    if (breaches.length === 0 || fleet.clock.mono() > endMs) return breaches;
  }
}

/** A former store that came back looks like a second copy; an operator who knows that there is one disk says so. */
async function nameTrueStores(fleet: SimulatedFleet): Promise<void> {
  const { core, store } = fleet.living();
  for (const { agentId, diskWitness } of fleet.agents.values()) {
    const record = await store.get<AgentSessionRecord>(keys.agentSession(agentId));
    if (record?.value.contested?.includes(diskWitness.storeId) === true)
      await core.link.nameTrueStore(agentId, diskWitness.storeId);
  }
}

/** An operator who retries what has failed for a passing reason. */
async function retryFailed(fleet: SimulatedFleet): Promise<void> {
  const { core, store } = fleet.living();
  for (const { value } of await store.range<NsLcmOpOcc>({ prefix: 'op/' })) {
    if (value.state !== 'FAILED_TEMP') continue;
    try {
      await core.lcm.commands.retry(operator, value.id);
    } catch (error) {
      if (!isSkerryError(error)) throw error;
      await core.lcm.commands.fail(operator, value.id);
    }
  }
}
