import type { SeededRandom } from '#shared/runtime/index.ts';
import type { SimulatedAgent } from './simulated-agent.ts';
import { diskFaults } from './simulated-disk.ts';
import type { SimulatedFleet } from './simulated-fleet.ts';

/** What the world does: power, links, clocks, disks and platforms. */
export class Troubles {
  readonly #fleet: SimulatedFleet;
  readonly #random: SeededRandom;

  constructor(fleet: SimulatedFleet, random: SeededRandom) {
    this.#fleet = fleet;
    this.#random = random;
  }

  deeds(): [string, () => Promise<void>][] {
    return [
      ['cut or mend a link', () => this.#cutOrMend()],
      ['cut or mend a link', () => this.#cutOrMend()],
      ['stall a link one way', async () => this.#anyAgent().conditions.stall(this.#pick(['up', 'down']))],
      ['links flow', async () => this.#all((agent) => agent.conditions.flow())],
      ['kill an agent', async () => this.#anyAgent().life?.end()],
      ['kill the controller', async () => this.#fleet.controller?.life.end()],
      ['suspend an agent', async () => this.#anyAgent().life?.suspend()],
      ['agents wake', async () => this.#all((agent) => agent.life?.resume())],
      ['start what is dead', () => this.#fleet.reviveAll()],
      ['start what is dead', () => this.#fleet.reviveAll()],
      ['start what is dead', () => this.#fleet.reviveAll()],
      ['a clock jumps', async () => this.#jump()],
      ['a unit is harmed', () => this.#harm()],
      ['a unit is harmed', () => this.#harm()],
      ['a platform is in trouble', () => this.#platformTrouble()],
      ['a platform acts late', async () => this.#actLate()],
      ['a disk is full, or no more', async () => this.#diskFull()],
      ['disk image', async () => this.#all((agent) => agent.disk.takeImage())],
      ['disk fault', () => this.#diskFault()],
      ['disk lies', async () => this.#anyAgent().disk.lie()],
    ];
  }

  #all(happens: (agent: SimulatedAgent) => void): void {
    for (const agent of this.#fleet.agents.values()) happens(agent);
  }

  async #cutOrMend(): Promise<void> {
    const { name } = this.#anyAgent().options;
    if (!this.#fleet.unreachable.delete(name)) this.#fleet.cut(name);
  }

  #jump(): void {
    const byMs = Math.floor((this.#random.next() - 0.5) * 4 * 3_600_000);
    if (this.#random.next() < 0.3) this.#fleet.controllerWallOffsetMs += byMs;
    else this.#anyAgent().wallOffsetMs += byMs;
  }

  async #harm(): Promise<void> {
    const control = this.#anyAgent().platform.controls[0]?.[1];
    const unit = this.#pick(control?.world().units ?? []);
    if (control === undefined || unit === undefined) return;
    await this.#pick([
      () => control.kill(unit.key),
      () => control.delete(unit.key),
      () => control.drift(unit.key),
      () => control.alarm({ ...alarm, key: unit.key }, true),
      () => control.alarm({ ...alarm, key: unit.key }, false),
    ])();
  }

  async #platformTrouble(): Promise<void> {
    const control = this.#anyAgent().platform.controls[0]?.[1];
    if (control === undefined) return;
    const verb = this.#pick(['ensure', 'ensure', 'remove', 'observe', 'probe'] as const);
    const codes = ['PlatformUnavailable', 'PlatformAuth', 'PlatformCapacity', 'PlatformInDoubt'] as const;
    await control.fault(
      this.#pick([
        { effect: 'fail', verb, times: this.#pick([1, 2, 8]), code: this.#pick(codes) },
        { effect: 'hang', verb, times: 1 },
        { effect: 'slow', verb, times: 2, delayMs: this.#pick([1_000, 30_000, 119_000]) },
      ]),
    );
  }

  #actLate(): void {
    this.#anyAgent().platform.lateCalls += this.#pick([1, 2, 3]);
  }

  #diskFull(): void {
    const { disk } = this.#anyAgent();
    disk.isFull = !disk.isFull;
  }

  async #diskFault(): Promise<void> {
    this.#anyAgent().strikeDisk(this.#pick(diskFaults), this.#random);
  }

  #anyAgent(): SimulatedAgent {
    return this.#pick([...this.#fleet.agents.values()])!;
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random.next() * choices.length)]!;
  }
}

const alarm = {
  alarmId: 'simulated',
  severity: 'MINOR',
  eventType: 'EQUIPMENT_ALARM',
  probableCause: 'simulated',
} as const;
