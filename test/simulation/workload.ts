import { isSkerryError } from '#shared/errors/index.ts';
import type { NsLcmOpOccId } from '#shared/model/ids.ts';
import type { SeededRandom } from '#shared/runtime/index.ts';
import type { SimulatedFleet } from './simulated-fleet.ts';
import { Troubles } from './troubles.ts';
import { Users } from './users.ts';

/** What users and the world do, drawn from the seed. */
export class Workload {
  readonly #fleet: SimulatedFleet;
  readonly #users: Users;
  readonly #deeds: readonly (readonly [string, () => Promise<void>])[];
  readonly #random: SeededRandom;
  readonly #note: (line: string) => void;

  constructor(fleet: SimulatedFleet, random: SeededRandom, note: (line: string) => void) {
    this.#fleet = fleet;
    this.#random = random;
    this.#note = note;
    this.#users = new Users(fleet, random.fork());
    const troubles = new Troubles(fleet, random.fork());
    // Disk faults weaken what is promised: half of the seeds go without, and are judged in full.
    const hasDiskFaults = random.next() < 0.5;
    this.#deeds = [
      ...this.#users.deeds(),
      ...troubles.deeds().filter(([name]) => hasDiskFaults || !name.startsWith('disk')),
    ];
  }

  get operations(): readonly NsLcmOpOccId[] {
    return this.#users.operations;
  }

  /** One thing happens. What is refused (busy, wrong state, no controller) is refused: users live with it. */
  async act(): Promise<void> {
    const [name, deed] = this.#deeds[Math.floor(this.#random.next() * this.#deeds.length)]!;
    this.#note(`${this.#fleet.clock.mono()} ms: ${name}`);
    try {
      await deed();
    } catch (error) {
      if (!isSkerryError(error)) throw error;
      this.#note(`  refused: ${error.message}`);
    }
  }
}
