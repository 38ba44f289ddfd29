import { applyGroups, isFoundation } from '../objects/apply-order.ts';
import { inParallel } from '../objects/in-parallel.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { refKey, refOf } from '../objects/kube-object.ts';
import type { ObjectWriter } from '../objects/object-writer.ts';
import { examine } from './examine-release.ts';
import { NameClaims } from './name-claims.ts';
import type { OwnedWorld } from './owned-world.ts';
import type { RecordKeeper } from './record-keeper.ts';
import type { Progress } from './release-progress.ts';
import type { UnitRecord } from './unit-record.ts';

export interface ReleaseApplierParts {
  owner: string;
  world: OwnedWorld;
  writer: ObjectWriter;
  records: RecordKeeper;
  /** Kinds may have come or gone. */
  forgetKinds: () => void;
}

/** Whether the unit's namespace was made just now: nothing of others is in it. */
export interface ApplyMode {
  isFresh: boolean;
  signal: AbortSignal;
}

export const parallelWrites = 8;

/** Makes the objects of a release what they shall be, and takes away what it no longer has. */
export class ReleaseApplier {
  readonly #parts: ReleaseApplierParts;
  readonly #claims: NameClaims;

  constructor(parts: ReleaseApplierParts) {
    this.#parts = parts;
    this.#claims = new NameClaims(parts);
  }

  /** False: kinds and places that the rest needs are not ready yet. */
  async applyAll(record: UnitRecord, present: Progress, { isFresh, signal }: ApplyMode): Promise<boolean> {
    const { world, forgetKinds } = this.#parts;
    const groups = applyGroups(record.target.objects);
    while (present.appliedGroups < groups.length) {
      const group = groups[present.appliedGroups]!;
      try {
        const refs = group.map(refOf);
        await world.followKinds(refs, signal);
        // In a namespace that was made just now there is nothing of others.
        const inDoubt = isFresh ? refs.filter(({ namespace }) => namespace !== record.namespace) : refs;
        await this.#claims.claim(record, inDoubt, signal);
        await inParallel(group, parallelWrites, (object) => this.#applyOne(record, present, { object, signal }));
      } catch (error) {
        throw this.#parts.records.lost(record.namespace, error);
      }
      if (group.some((object) => isFoundation(object.kind))) {
        const isWaiting = group.some(
          (object) => world.find(record.unitName, refOf(object))?.readiness.state !== 'ready',
        );
        if (isWaiting) return false;
        forgetKinds();
      }
      present.appliedGroups += 1;
    }
    return true;
  }

  async applyAstray(record: UnitRecord, present: Progress, signal: AbortSignal): Promise<void> {
    const { world } = this.#parts;
    const view = world.view(record.unitName);
    if (view === undefined) return;
    const astray = new Set(examine(world, view, present).astray.map(({ ref }) => refKey(ref)));
    const objects = record.target.objects.filter((object) => astray.has(refKey(refOf(object))));
    for (const group of applyGroups(objects)) {
      await this.#claims.claim(record, group.map(refOf), signal);
      await inParallel(group, parallelWrites, (object) => this.#applyOne(record, present, { object, signal }));
    }
  }

  async removeLeftovers(record: UnitRecord, signal: AbortSignal): Promise<void> {
    const { world, writer } = this.#parts;
    await inParallel(record.leftovers, parallelWrites, async (ref) => {
      const found = world.find(record.unitName, ref);
      if (found === undefined || found.isKept || found.isDeleting) return;
      world.removed(ref, await writer.remove(ref, found.uid, signal));
    });
  }

  async #applyOne(
    record: UnitRecord,
    present: Progress,
    { object, signal }: { object: KubeObject; signal: AbortSignal },
  ): Promise<void> {
    const { world, writer } = this.#parts;
    const ref = refOf(object);
    const { object: made } = await writer.apply(object, signal);
    world.put(made);
    present.fields.set(refKey(ref), world.find(record.unitName, ref)?.fields ?? '');
  }
}
