import { type MemoryImage, type MemoryMedium, memoryMedium } from '#agent/store/index.ts';
import type { StoreMedium } from '#agent/store/raw-store.ts';
import type { Random } from '#shared/runtime/index.ts';
import type { Life } from './life.ts';

/** What is written at once. */
export type DiskWrite = readonly { key: string; value: string | undefined }[];

/** A fault that a disk brings to the next start of its agent. */
export const diskFaults = ['set-back', 'lost', 'flipped', 'dropped', 'unreadable'] as const;
export type DiskFault = (typeof diskFaults)[number];

/** An agent's disk: outlives the agent, may lie, be full, be set back, damaged or lost. */
export class SimulatedDisk {
  readonly medium: MemoryMedium = memoryMedium();
  /** Every write that the agent was told to be durable. `isLie`: it is not. */
  onWrite: (changes: DiskWrite, isLie: boolean) => void = () => undefined;
  /** Faults so far; a weaker promise holds for what they touch. */
  faults: string[] = [];
  #image: MemoryImage | undefined;
  #isStruck = false;

  set isFull(isFull: boolean) {
    this.medium.isFull = isFull;
  }

  get isFull(): boolean {
    return this.medium.isFull;
  }

  /** Kept for a later `set-back`. */
  takeImage(): void {
    this.#image = this.medium.image();
  }

  /** Acknowledges writes and keeps none, until the next start. */
  lie(): void {
    if (!this.medium.losesWrites) this.faults.push('lies');
    this.#isStruck = true;
    this.medium.losesWrites = true;
  }

  /** Between two lives. Returns what the next start must find; undefined: nothing can be seen. */
  strike(fault: DiskFault, random: Random): 'damage' | undefined {
    const keys = [...this.medium.image().entries.keys()];
    const key = keys[Math.floor(random.next() * keys.length)];
    if (key === undefined || (fault === 'set-back' && this.#image === undefined)) return undefined;
    this.faults.push(fault === 'flipped' || fault === 'dropped' ? `${fault} ${key}` : fault);
    this.#isStruck = true;
    if (fault === 'set-back') this.medium.restore(this.#image!);
    else if (fault === 'lost') this.medium.restore({ entries: new Map(), snapshots: [] });
    else if (fault === 'flipped') this.medium.flipByte(key);
    else if (fault === 'dropped') this.medium.dropRecord(key);
    else this.medium.isUnreadable = true;
    return fault === 'set-back' || fault === 'lost' ? undefined : 'damage';
  }

  /** What is readable, if the disk is not what it was when the last life began. */
  takeStrike(): ReadonlyMap<string, string> | undefined {
    if (!this.#isStruck) return undefined;
    this.#isStruck = false;
    return this.medium.isUnreadable ? new Map() : this.medium.image().entries;
  }

  /** The medium for one life. What it writes after its death is not written. */
  forLife(life: Life): StoreMedium {
    const { medium } = this;
    medium.losesWrites = false;
    return {
      open: async () => {
        const raw = await medium.open();
        return {
          entries: () => raw.entries(),
          close: () => raw.close(),
          write: async (changes) => {
            await life.step();
            await raw.write(changes);
            this.onWrite(changes, medium.losesWrites);
            await life.step();
          },
        };
      },
      salvage: () => medium.salvage(),
      setAside: () => medium.setAside(),
      newestSnapshot: () => medium.newestSnapshot(),
      readSnapshot: () => medium.readSnapshot(),
      writeSnapshot: (content) => medium.writeSnapshot(content),
    };
  }
}
