import type { ObservedUnit } from '#shared/connector/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import { observeUnit } from './observe-unit.ts';
import type { OwnedWorld } from './owned-world.ts';
import type { ReleaseProgress } from './release-progress.ts';
import type { UnitSteps } from './unit-steps.ts';

/** All of one owner: what the cluster shows of it, how far its changes have come, and who makes them. */
export class OwnerRoom {
  readonly world: OwnedWorld;
  readonly steps: UnitSteps;
  readonly #progress: ReleaseProgress;
  /** Until something of the unit changes. */
  readonly #observed = new Map<string, ObservedUnit>();

  constructor(parts: { world: OwnedWorld; steps: UnitSteps; progress: ReleaseProgress }) {
    this.world = parts.world;
    this.steps = parts.steps;
    this.#progress = parts.progress;
  }

  changed(unitName: string): void {
    this.#observed.delete(unitName);
  }

  observeAll(): ObservedUnit[] {
    return this.world.records().map((view) => {
      let observed = this.#observed.get(view.unitName);
      if (observed === undefined) {
        observed = observeUnit(this.world, this.#progress, view);
        this.#observed.set(view.unitName, observed);
      }
      return observed;
    });
  }

  observe(unitName: string): ObservedUnit {
    this.changed(unitName);
    const view = this.world.view(unitName);
    if (view === undefined) throw new SkerryError('PlatformInDoubt', 'The record of the unit cannot be read');
    return observeUnit(this.world, this.#progress, view);
  }

  async stop(): Promise<void> {
    this.#progress.stop();
    await this.world.stop();
  }
}
