import type { CallContext, DesiredUnit, UnitRef } from '#shared/connector/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { Clock, Logger } from '#shared/runtime/index.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { ObjectWriter } from '../objects/object-writer.ts';
import { withOwnership } from '../objects/own-labels.ts';
import { takenOver } from './adoption.ts';
import { BroughtKinds } from './brought-kinds.ts';
import { examine } from './examine-release.ts';
import { isFinal } from './final-refusals.ts';
import { hooksOf } from './hook-order.ts';
import { type HookRun, HookRunner } from './hook-runner.ts';
import { NameClaims } from './name-claims.ts';
import type { OwnedWorld } from './owned-world.ts';
import { RecordKeeper } from './record-keeper.ts';
import { type ApplyMode, ReleaseApplier } from './release-applier.ts';
import { finish, firstRecord, giveUp, nextRecord, noteOf } from './release-changes.ts';
import type { Progress, ReleaseProgress } from './release-progress.ts';
import type { UnitRenderer } from './render-unit.ts';
import type { UnitNamespaces } from './unit-namespaces.ts';
import type { UnitRecord } from './unit-record.ts';
import { UnitRemoval } from './unit-removal.ts';

export interface UnitStepsOptions {
  owner: string;
  world: OwnedWorld;
  writer: ObjectWriter;
  renderer: UnitRenderer;
  namespaces: UnitNamespaces;
  progress: ReleaseProgress;
  /** Before objects are applied: images that travel with the unit. */
  prepare: (unit: DesiredUnit, signal: AbortSignal) => Promise<void>;
  /** Kinds may have come or gone. */
  forgetKinds: () => void;
  clock: Clock;
  log: Logger;
}

/** Steps of one call; each is a write to the record, so that there is an end. */
const stepsPerCall = 12;

/**
 * Takes units forward, step by step: hooks, objects, waiting, hooks; back to what worked when it does not become ready; and
 * removes them. Each step is written to the unit's record before it is begun, and can be begun anew.
 */
export class UnitSteps {
  readonly #options: UnitStepsOptions;
  readonly #hooks: HookRunner;
  readonly #records: RecordKeeper;
  readonly #claims: NameClaims;
  readonly #applier: ReleaseApplier;
  readonly #removal: UnitRemoval;
  readonly #kinds: BroughtKinds;

  constructor(options: UnitStepsOptions) {
    this.#options = options;
    this.#hooks = new HookRunner(options);
    this.#records = new RecordKeeper(options);
    this.#claims = new NameClaims(options);
    this.#applier = new ReleaseApplier({ ...options, records: this.#records });
    this.#kinds = new BroughtKinds({ ...options, records: this.#records });
    this.#removal = new UnitRemoval({ ...options, hooks: this.#hooks, records: this.#records });
  }

  remove({ signal }: CallContext, ref: UnitRef): Promise<void> {
    return this.#removal.remove(ref, signal);
  }

  async ensure({ signal }: CallContext, unit: DesiredUnit): Promise<void> {
    const { progress } = this.#options;
    const present = this.#present(unit);
    if (present === undefined && unit.mustExist === true)
      throw new SkerryError('NotFound', `${unit.key} is not there any more`, { details: { key: unit.key } });
    let isFresh = false;
    let record = present?.removal === undefined ? present : await this.#takeBack(present, signal);
    if (record === undefined) {
      const rendered = await this.#options.renderer.render(unit, false, signal);
      await this.#options.prepare(unit, signal);
      record = this.#owned(firstRecord(unit, { ...rendered, objects: await this.#all(rendered, unit.name, signal) }));
      isFresh = await this.#options.namespaces.ensure(record.namespace, this.#options.owner, signal);
      if (!isFresh) await this.#claims.claimRelease(record, signal);
      await this.#records.write(record, signal);
    } else if (isNewRequest(record, unit)) {
      const rendered = await this.#options.renderer.render(unit, true, signal);
      refuseMove(record, rendered.namespace, rendered.releaseName);
      await this.#options.prepare(unit, signal);
      record = this.#owned(
        nextRecord(record, unit, { ...rendered, objects: await this.#all(rendered, unit.name, signal) }),
      );
      progress.forget(unit.name);
      await this.#records.write(record, signal);
    }
    await this.#advance(record, isFresh, signal);
  }

  /** The unit's record; that of another unit when it goes on with what that one has left. */
  #present(unit: DesiredUnit): UnitRecord | undefined {
    const record = this.#options.world.record(unit.name);
    return record === undefined || record.key === unit.key ? record : takenOver(record, unit);
  }

  /** It is wanted again after its removal had begun. */
  async #takeBack({ removal: _, ...record }: UnitRecord, signal: AbortSignal): Promise<UnitRecord> {
    await this.#records.write(record, signal);
    return record;
  }

  async #advance(given: UnitRecord, isFresh: boolean, signal: AbortSignal): Promise<void> {
    let record = given;
    for (let count = 0; count < stepsPerCall; count += 1) {
      const next = await this.#step(record, isFresh, signal);
      if (next === undefined) return;
      record = next;
    }
  }

  /** The record after the step; undefined when it has to wait, or is done. */
  async #step(record: UnitRecord, isFresh: boolean, signal: AbortSignal): Promise<UnitRecord | undefined> {
    const { progress } = this.#options;
    const { unitName, target, step } = record;
    const present = progress.of(unitName, target.no) ?? progress.begin(unitName, target.no);
    if (step === 'before' || step === 'after') return this.#runHooks(record, present, signal);
    if (step === 'done') return this.#mend(record, present, signal);
    return this.#apply(record, present, { isFresh, signal });
  }

  async #runHooks(record: UnitRecord, present: Progress, signal: AbortSignal): Promise<UnitRecord | undefined> {
    const { owner } = this.#options;
    const { unitName, target, step } = record;
    const event = `${step === 'before' ? 'pre' : 'post'}-${target.cause}` as const;
    const run: HookRun = {
      ...{ unitName, owner, release: target, event, present, signal },
      hooksDone: record.hooksDone ?? 0,
      onDone: (hooksDone) => this.#records.write({ ...record, hooksDone }, signal),
    };
    const outcome = await this.#hooks.run(run);
    if (outcome.kind === 'waiting') return undefined;
    // Written before any of them is removed, so that no later life of the agent runs them again.
    const next =
      outcome.kind === 'failed'
        ? await this.#giveUp(record, outcome.reason, signal)
        : step === 'after'
          ? await this.#finish(record, present, signal)
          : await this.#beginApplying(record, signal);
    await this.#hooks.cleanUp(run);
    return next;
  }

  async #beginApplying(record: UnitRecord, signal: AbortSignal): Promise<UnitRecord> {
    const applying: UnitRecord = { ...record, step: 'applying', hooksDone: 0 };
    await this.#records.write(applying, signal);
    return applying;
  }

  async #apply(given: UnitRecord, present: Progress, { isFresh, signal }: ApplyMode): Promise<UnitRecord | undefined> {
    const { world, progress } = this.#options;
    const record = await this.#kinds.leaveTaken(given, signal);
    const isOver = record.givenUp !== undefined && !record.givenUp.isRollingBack;
    try {
      if (!present.isApplied) {
        if (!(await this.#applier.applyAll(record, present, { isFresh, signal }))) return undefined;
        await this.#applier.removeLeftovers(record, signal);
        present.isApplied = true;
        progress.arm(record.unitName, present, record.target.timeoutS);
      } else await this.#applier.applyAstray(record, present, signal);
    } catch (error) {
      if (isOver || !isFinal(error)) throw error;
      return this.#giveUp(record, error.message, signal);
    }
    const view = world.view(record.unitName);
    if (view === undefined) return undefined;
    const found = examine(world, view, present);
    if (found.isReady) return this.#next(record, present, signal);
    if (isOver) return undefined;
    if (found.failure !== undefined) return this.#giveUp(record, found.failure, signal);
    if (!progress.isLate(present)) return undefined;
    const reason = `not ready within ${record.target.timeoutS} s: ${found.waitsFor}`;
    return this.#giveUp(record, reason, signal);
  }

  /** Straight to the end where no hook comes after. */
  #next(record: UnitRecord, present: Progress, signal: AbortSignal): Promise<UnitRecord | undefined> {
    const hooks = hooksOf(record.target, `post-${record.target.cause}`);
    if (hooks.length === 0) return this.#finish(record, present, signal);
    const after: UnitRecord = { ...record, step: 'after', hooksDone: 0 };
    return this.#records.write(after, signal).then(() => after);
  }

  async #finish(record: UnitRecord, present: Progress, signal: AbortSignal): Promise<undefined> {
    const { clock, progress } = this.#options;
    const fields = Object.fromEntries(present.fields);
    const done = finish(record, fields, clock.now());
    await this.#records.write(done, signal);
    progress.forget(record.unitName);
    await this.#records.noteDone(record, done, signal);
    return undefined;
  }

  async #giveUp(record: UnitRecord, reason: string, signal: AbortSignal): Promise<UnitRecord | undefined> {
    const { clock, log } = this.#options;
    const at = clock.now();
    const back = giveUp(record, reason, at);
    log.warn({ key: record.key, reason }, 'A unit cannot be made as it was asked for.');
    await this.#records.write(back, signal);
    const failed = noteOf(record.target, { status: 'failed', description: reason, at });
    await this.#records.noteFailed(record, failed, signal);
    return back.givenUp?.isRollingBack === true ? back : undefined;
  }

  /** Somebody changed or removed objects of a unit that worked. */
  async #mend(given: UnitRecord, present: Progress, signal: AbortSignal): Promise<undefined> {
    const { progress } = this.#options;
    const record = await this.#kinds.leaveTaken(given, signal);
    present.fields = new Map(Object.entries(record.target.fields));
    await this.#options.namespaces.ensure(record.namespace, this.#options.owner, signal);
    try {
      await this.#applier.applyAstray(record, present, signal);
    } catch (error) {
      throw this.#records.lost(record.namespace, error);
    }
    const fields = Object.fromEntries(present.fields);
    const isOther = Object.entries(fields).some(([key, value]) => record.target.fields[key] !== value);
    if (isOther) await this.#records.write({ ...record, target: { ...record.target, fields } }, signal);
    progress.forget(record.unitName);
    return undefined;
  }

  #owned(record: UnitRecord): UnitRecord {
    const { owner } = this.#options;
    const { unitName, target } = record;
    const objects = target.objects.map((object) => withOwnership(object, { owner, unitName }));
    return { ...record, target: { ...target, objects } };
  }

  /** The unit's objects, and of the kinds that its chart brings those that nobody has brought yet. */
  async #all(
    rendered: { objects: KubeObject[]; definitions: KubeObject[] },
    unitName: string,
    signal: AbortSignal,
  ): Promise<KubeObject[]> {
    return [...(await this.#kinds.missing(rendered.definitions, unitName, signal)), ...rendered.objects];
  }
}

/** Asked for something else, or once more after it failed. */
function isNewRequest(record: UnitRecord, unit: DesiredUnit): boolean {
  if (record.revision === unit.revision && record.askedDigest === unit.specDigest) return false;
  return record.askedDigest !== unit.specDigest || record.givenUp !== undefined;
}

function refuseMove(record: UnitRecord, namespace: string, releaseName: string | undefined): void {
  const isMoved = record.namespace !== namespace || record.target.releaseName !== releaseName;
  if (!isMoved) return;
  throw new SkerryError('PlatformRefused', 'A release cannot change its name or its namespace', {
    details: { needsReplacement: true },
  });
}
