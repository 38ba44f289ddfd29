import type { UnitRef } from '#shared/connector/index.ts';
import type { Logger } from '#shared/runtime/index.ts';
import { inParallel } from '../objects/in-parallel.ts';
import type { ObjectWriter } from '../objects/object-writer.ts';
import { isFinal } from './final-refusals.ts';
import { type HookEvent, hooksOf } from './hook-order.ts';
import type { HookRunner } from './hook-runner.ts';
import { isHelmSecret, leftOf } from './observe-unit.ts';
import type { OwnedWorld } from './owned-world.ts';
import type { RecordKeeper } from './record-keeper.ts';
import { parallelWrites } from './release-applier.ts';
import { type Progress, type ReleaseProgress, removalNo } from './release-progress.ts';
import type { UnitNamespaces } from './unit-namespaces.ts';
import type { RemovalStage, UnitRecord } from './unit-record.ts';

export interface UnitRemovalParts {
  owner: string;
  world: OwnedWorld;
  writer: ObjectWriter;
  namespaces: UnitNamespaces;
  progress: ReleaseProgress;
  hooks: HookRunner;
  records: RecordKeeper;
  log: Logger;
}

/** Takes a unit away in steps: hooks, objects, hooks, records, and the namespace with its last unit. Each may be repeated. */
export class UnitRemoval {
  readonly #parts: UnitRemovalParts;

  constructor(parts: UnitRemovalParts) {
    this.#parts = parts;
  }

  async remove(ref: UnitRef, signal: AbortSignal): Promise<void> {
    const { world, progress, owner } = this.#parts;
    const record = world.record(ref.name);
    if (record?.key !== ref.key) return;
    const { unitName, target } = record;
    progress.markRemoving(unitName);
    const present = progress.of(unitName, removalNo) ?? this.#begin(record);
    const run = { unitName, owner, release: target, present, signal };
    if (present.stage === 'pre') {
      if (!(await this.#tryHooks({ ...run, event: 'pre-delete' }))) return;
      await this.#enter(record, present, { stage: 'objects', hooks: 'pre-delete', signal });
    }
    if (present.stage === 'objects') {
      await this.#removeObjects(unitName, signal);
      if (leftOf(world, unitName).length > 0) return;
      await this.#enter(record, present, { stage: 'post', hooks: 'post-delete', signal });
    }
    if (present.stage === 'post') {
      if (!(await this.#tryHooks({ ...run, event: 'post-delete' }))) return;
      await this.#enter(record, present, { stage: 'records', hooks: 'post-delete', signal });
    }
    await this.#removeObjects(unitName, signal);
    if (leftOf(world, unitName).length > 0) return;
    await this.#removeRecords(record, signal);
  }

  #begin({ unitName, removal }: UnitRecord): Progress {
    const present = this.#parts.progress.begin(unitName, removalNo);
    present.stage = removal ?? 'pre';
    return present;
  }

  /** Where hooks have run it is written down before what they left is removed. */
  async #enter(
    record: UnitRecord,
    present: Progress,
    { stage, hooks, signal }: { stage: RemovalStage; hooks: HookEvent; signal: AbortSignal },
  ): Promise<void> {
    if (hooksOf(record.target, hooks).length > 0)
      await this.#parts.records.write({ ...record, removal: stage }, signal);
    present.stage = stage;
  }

  /** What must go goes, whatever a chart's last hooks say. */
  async #tryHooks(run: Parameters<HookRunner['run']>[0]): Promise<boolean> {
    const outcome = await this.#parts.hooks.run(run).catch((error) => {
      if (isFinal(error)) return { kind: 'failed' as const, reason: error.message };
      throw error;
    });
    if (outcome.kind === 'failed')
      this.#parts.log.warn({ unit: run.unitName, reason: outcome.reason }, 'A hook failed; the removal goes on.');
    return outcome.kind !== 'waiting';
  }

  /** Objects that controllers made for ours go with them. */
  async #removeObjects(unitName: string, signal: AbortSignal): Promise<void> {
    const { world, writer } = this.#parts;
    const own = leftOf(world, unitName).filter((tracked) => !tracked.isChild && !tracked.isDeleting);
    await inParallel(own, parallelWrites, async ({ ref, uid }) => {
      world.removed(ref, await writer.remove(ref, uid, signal));
    });
  }

  async #removeRecords(record: UnitRecord, signal: AbortSignal): Promise<void> {
    const { world, writer, progress, namespaces, owner } = this.#parts;
    const { unitName, namespace } = record;
    const secrets = world.ofUnit(unitName).filter(({ packed, ref }) => packed !== undefined || isHelmSecret(ref));
    // The record last: as long as it is there, the removal can be taken up again.
    secrets.sort((left, right) => Number(left.packed !== undefined) - Number(right.packed !== undefined));
    for (const { ref, uid } of secrets) world.removed(ref, await writer.remove(ref, uid, signal));
    progress.forget(unitName);
    const isLast = world.records().every((other) => other.unitName === unitName || other.namespace !== namespace);
    const isKeeping = world.ofUnit(unitName).some(({ isKept, ref }) => isKept && ref.namespace === namespace);
    if (isLast && !isKeeping)
      await namespaces.release(namespace, owner, signal).catch((error) => this.#cannotRelease(namespace, error));
  }

  #cannotRelease(namespace: string, error: unknown): void {
    this.#parts.log.warn({ namespace, error }, 'A namespace that is no longer needed could not be removed.');
  }
}
