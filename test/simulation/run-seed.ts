import '#agent/connectors/simulated/index.ts';
import { isSkerryError } from '#shared/errors/index.ts';
import type { NsLcmOpOcc } from '#shared/model/ns-lcm.ts';
import type { Logger } from '#shared/runtime/index.ts';
import { alwaysHolds, type Breach, holdsAfterHealing } from './invariants.ts';
import { operator, SimulatedFleet } from './simulated-fleet.ts';
import { Workload } from './workload.ts';

export interface SeedResult {
  seed: number;
  breaches: Breach[];
  /** Virtual milliseconds from the end of the faults until both sides agreed. */
  healedAfterMs: number;
  deaths: { agents: number; controllers: number };
  operations: number;
}

const stepCount = 40;
const healingLimitMs = 3 * 3_600_000;

/** Forty deeds of users, world and faults; then the faults stop, everything is brought back, and all must come to rest. */
export async function runSeed(seed: number, log?: Logger, look?: (fleet: SimulatedFleet) => void): Promise<SeedResult> {
  const fleet = new SimulatedFleet(seed, log);
  await fleet.startController();
  for (const site of ['site-a', 'site-b', 'site-c']) await fleet.addSite(site);
  await fleet.pass(2_000);

  const workload = new Workload(fleet, fleet.random.fork());
  Object.assign(fleet.rates, { agentDies: 0.004, controllerDies: 0.003, frameCuts: 0.003 });
  let breaches: Breach[] = [];
  for (let step = 0; step < stepCount && breaches.length === 0; step += 1) {
    await workload.act();
    await fleet.pass(Math.floor(fleet.random.next() ** 3 * 60_000));
    breaches = await alwaysHolds(fleet);
  }
  const startMs = fleet.clock.mono();
  if (breaches.length === 0) breaches = await heal(fleet);
  look?.(fleet);
  const { deaths, clock } = fleet;
  return { seed, breaches, deaths, healedAfterMs: clock.mono() - startMs, operations: workload.operations.length };
}

async function heal(fleet: SimulatedFleet): Promise<Breach[]> {
  Object.assign(fleet.rates, { agentDies: 0, controllerDies: 0, frameCuts: 0 });
  fleet.unreachable.clear();
  for (const { disk } of fleet.agents.values()) disk.isFull = false;
  await fleet.reviveAll();
  await fleet.pass(1_000);
  for (const agent of fleet.agents.values()) {
    for (const infraId of agent.worlds.keys()) await agent.registry?.simulated(infraId)?.release();
  }
  const endMs = fleet.clock.mono() + healingLimitMs;
  for (;;) {
    await retryFailed(fleet);
    await fleet.pass(5_000);
    const breaches = await holdsAfterHealing(fleet);
    if (breaches.length === 0 || fleet.clock.mono() > endMs) return breaches;
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
