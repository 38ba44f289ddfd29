import type { CallContext, DesiredUnit, UnitRef } from '#shared/connector/index.ts';
import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { Clock, Logger } from '#shared/runtime/index.ts';
import { helmSecret, helmSecretName } from '../helm/release-secret.ts';
import { applyGroups, isFoundation } from '../objects/apply-order.ts';
import { inParallel } from '../objects/in-parallel.ts';
import { type KubeObject, refKey, refOf } from '../objects/kube-object.ts';
import type { ObjectWriter } from '../objects/object-writer.ts';
import { unitLabel, withOwnership } from '../objects/own-labels.ts';
import { examine } from './examine-release.ts';
import { HookRunner } from './hook-runner.ts';
import { NameClaims } from './name-claims.ts';
import { isHelmSecret, leftOf } from './observe-unit.ts';
import type { OwnedWorld } from './owned-world.ts';
import { finish, firstRecord, giveUp, nextRecord, noteOf } from './release-changes.ts';
import { type Progress, type ReleaseProgress, removalNo } from './release-progress.ts';
import type { UnitRenderer } from './render-unit.ts';
import type { UnitNamespaces } from './unit-namespaces.ts';
import { packRecord, type Release, recordName, type UnitRecord } from './unit-record.ts';

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

const parallelWrites = 8;
/** Refusals by which the server says that what was asked can never be. */
const finalCodes = new Set(['PlatformRefused', 'Unprocessable', 'BadRequest']);
/** Steps of one call; each is a write to the record, so that there is an end. */
const stepsPerCall = 12;

/**
 * Takes units forward, step by step: hooks, objects, waiting, hooks; back to what worked when it does not become ready; and
 * removes them. Each step is written to the unit's record before it is begun, and can be begun anew.
 */
export class UnitSteps {
  readonly #options: UnitStepsOptions;
  readonly #hooks: HookRunner;
  readonly #claims: NameClaims;

  constructor(options: UnitStepsOptions) {
    this.#options = options;
    this.#hooks = new HookRunner(options);
    this.#claims = new NameClaims(options);
  }

  async ensure({ signal }: CallContext, unit: DesiredUnit): Promise<void> {
    const { world, progress } = this.#options;
    const present = world.record(unit.name);
    if (present === undefined && unit.mustExist === true)
      throw new SkerryError('NotFound', `${unit.key} is not there any more`, { details: { key: unit.key } });
    let isFresh = false;
    let record = present;
    if (record === undefined) {
      const rendered = await this.#options.renderer.render(unit, false, signal);
      await this.#options.prepare(unit, signal);
      record = this.#owned(firstRecord(unit, { ...rendered, objects: await this.#all(rendered, unit.name, signal) }));
      isFresh = await this.#options.namespaces.ensure(record.namespace, this.#options.owner, signal);
      if (!isFresh) await this.#claims.claimRelease(record, signal);
      await this.#write(record, signal);
    } else if (isNewRequest(record, unit)) {
      const rendered = await this.#options.renderer.render(unit, true, signal);
      refuseMove(record, rendered.namespace, rendered.releaseName);
      await this.#options.prepare(unit, signal);
      record = this.#owned(
        nextRecord(record, unit, { ...rendered, objects: await this.#all(rendered, unit.name, signal) }),
      );
      progress.forget(unit.name);
      await this.#write(record, signal);
    }
    await this.#advance(record, isFresh, signal);
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
    const outcome = await this.#hooks.run({ unitName, owner, release: target, event, present, signal });
    if (outcome.kind === 'waiting') return undefined;
    if (outcome.kind === 'failed') return this.#giveUp(record, outcome.reason, signal);
    // Nothing is lost when this is not written: a step without hooks is over at once.
    if (step === 'before') return { ...record, step: 'applying' };
    return this.#finish(record, present, signal);
  }

  // -------------------------------------------------------------- applying

  async #apply(
    record: UnitRecord,
    present: Progress,
    { isFresh, signal }: { isFresh: boolean; signal: AbortSignal },
  ): Promise<UnitRecord | undefined> {
    const { world, progress } = this.#options;
    const isFinal = record.givenUp !== undefined && !record.givenUp.isRollingBack;
    try {
      if (!present.isApplied) {
        if (!(await this.#applyGroups(record, present, { isFresh, signal }))) return undefined;
        await this.#removeLeftovers(record, signal);
        present.isApplied = true;
        progress.arm(record.unitName, present, record.target.timeoutS);
      } else await this.#applyAstray(record, present, signal);
    } catch (error) {
      if (isFinal || !isSkerryError(error) || !finalCodes.has(error.code)) throw error;
      return this.#giveUp(record, error.message, signal);
    }
    const view = world.view(record.unitName);
    if (view === undefined) return undefined;
    const found = examine(world, view, present);
    if (found.isReady) return this.#next(record, present, signal);
    if (isFinal) return undefined;
    if (found.failure !== undefined) return this.#giveUp(record, found.failure, signal);
    if (!progress.isLate(present)) return undefined;
    const reason = `not ready within ${record.target.timeoutS} s: ${found.waitsFor}`;
    return this.#giveUp(record, reason, signal);
  }

  /** Straight to the end where no hook comes after. */
  #next(record: UnitRecord, present: Progress, signal: AbortSignal): Promise<UnitRecord | undefined> {
    const event = `post-${record.target.cause}`;
    const hasHooks = record.target.hooks.some((hook) =>
      (hook.metadata.annotations?.['helm.sh/hook'] ?? '').includes(event),
    );
    if (!hasHooks) return this.#finish(record, present, signal);
    const after: UnitRecord = { ...record, step: 'after' };
    return this.#write(after, signal).then(() => after);
  }

  /** False: kinds and places that the rest needs are not ready yet. */
  async #applyGroups(
    record: UnitRecord,
    present: Progress,
    { isFresh, signal }: { isFresh: boolean; signal: AbortSignal },
  ): Promise<boolean> {
    const { world, forgetKinds } = this.#options;
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
        throw this.#lost(record.namespace, error);
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

  async #applyOne(
    record: UnitRecord,
    present: Progress,
    { object, signal }: { object: KubeObject; signal: AbortSignal },
  ): Promise<void> {
    const { world, writer } = this.#options;
    const ref = refOf(object);
    const { object: made } = await writer.apply(object, signal);
    world.put(made);
    present.fields.set(refKey(ref), world.find(record.unitName, ref)?.fields ?? '');
  }

  async #applyAstray(record: UnitRecord, present: Progress, signal: AbortSignal): Promise<void> {
    const { world } = this.#options;
    const view = world.view(record.unitName);
    if (view === undefined) return;
    const astray = new Set(examine(world, view, present).astray.map(({ ref }) => refKey(ref)));
    const objects = record.target.objects.filter((object) => astray.has(refKey(refOf(object))));
    for (const group of applyGroups(objects)) {
      await this.#claims.claim(record, group.map(refOf), signal);
      await inParallel(group, parallelWrites, (object) => this.#applyOne(record, present, { object, signal }));
    }
  }

  async #removeLeftovers(record: UnitRecord, signal: AbortSignal): Promise<void> {
    const { world, writer } = this.#options;
    await inParallel(record.leftovers, parallelWrites, async (ref) => {
      const found = world.find(record.unitName, ref);
      if (found === undefined || found.isKept || found.isDeleting) return;
      world.removed(ref, await writer.remove(ref, found.uid, signal));
    });
  }

  // -------------------------------------------------------------- ends

  async #finish(record: UnitRecord, present: Progress, signal: AbortSignal): Promise<undefined> {
    const { clock, progress, world } = this.#options;
    const fields = Object.fromEntries(present.fields);
    const done = finish(record, fields, clock.now());
    await this.#write(done, signal);
    progress.forget(record.unitName);
    await this.#noteForHelm(record, done, signal);
    // Revisions that fell out of the history go from the cluster too.
    const { releaseName } = done.target;
    const oldest = done.history.at(-1)?.no ?? 1;
    if (releaseName !== undefined)
      for (const { ref, uid } of world.ofUnit(done.unitName)) {
        const isOld = isHelmSecret(ref) && Number(/\.v(\d+)$/.exec(ref.name)?.[1]) < oldest;
        if (isOld) world.removed(ref, await this.#options.writer.remove(ref, uid, signal));
      }
    return undefined;
  }

  async #giveUp(record: UnitRecord, reason: string, signal: AbortSignal): Promise<UnitRecord | undefined> {
    const { clock, log } = this.#options;
    const at = clock.now();
    const back = giveUp(record, reason, at);
    log.warn({ key: record.key, reason }, 'A unit cannot be made as it was asked for.');
    await this.#write(back, signal);
    const failed = noteOf(record.target, { status: 'failed', description: reason, at });
    await this.#applyHelmSecret(record, record.target, failed, signal);
    return back.givenUp?.isRollingBack === true ? back : undefined;
  }

  /** Somebody changed or removed objects of a unit that worked. */
  async #mend(record: UnitRecord, present: Progress, signal: AbortSignal): Promise<undefined> {
    const { progress } = this.#options;
    present.fields = new Map(Object.entries(record.target.fields));
    await this.#options.namespaces.ensure(record.namespace, this.#options.owner, signal);
    try {
      await this.#applyAstray(record, present, signal);
    } catch (error) {
      throw this.#lost(record.namespace, error);
    }
    const fields = Object.fromEntries(present.fields);
    const isOther = Object.entries(fields).some(([key, value]) => record.target.fields[key] !== value);
    if (isOther) await this.#write({ ...record, target: { ...record.target, fields } }, signal);
    progress.forget(record.unitName);
    return undefined;
  }

  async #noteForHelm(before: UnitRecord, done: UnitRecord, signal: AbortSignal): Promise<void> {
    const [note] = done.history;
    if (note === undefined) return;
    await this.#applyHelmSecret(done, done.target, note, signal);
    const replaced = done.history.find((entry) => entry.status === 'superseded');
    const wasDeployed = before.history.find((entry) => entry.no === replaced?.no)?.status === 'deployed';
    if (replaced === undefined || !wasDeployed) return;
    const former = before.former ?? done.target;
    await this.#applyHelmSecret(done, { ...former, no: replaced.no }, replaced, signal);
  }

  async #applyHelmSecret(
    record: UnitRecord,
    release: Release,
    note: UnitRecord['history'][number],
    signal: AbortSignal,
  ): Promise<void> {
    const { owner, writer, world } = this.#options;
    const secret = helmSecret(record, release, note, owner);
    if (secret !== undefined) world.put((await writer.apply(secret, signal)).object);
  }

  // -------------------------------------------------------------- removal

  async remove({ signal }: CallContext, ref: UnitRef): Promise<void> {
    const { world, progress, owner } = this.#options;
    const record = world.record(ref.name);
    if (record === undefined) return;
    const { unitName, target } = record;
    progress.markRemoving(unitName);
    const present = progress.of(unitName, removalNo) ?? progress.begin(unitName, removalNo);
    const run = { unitName, owner, release: target, present, signal };
    if (present.stage === 'pre') {
      if (!(await this.#tryHooks({ ...run, event: 'pre-delete' }))) return;
      present.stage = 'objects';
    }
    if (present.stage === 'objects') {
      await this.#removeObjects(unitName, signal);
      if (leftOf(world, unitName).length > 0) return;
      present.stage = 'post';
    }
    if (!(await this.#tryHooks({ ...run, event: 'post-delete' }))) return;
    await this.#removeObjects(unitName, signal);
    if (leftOf(world, unitName).length > 0) return;
    await this.#removeRecords(record, signal);
  }

  /** What must go goes, whatever a chart's last hooks say. */
  async #tryHooks(run: Parameters<HookRunner['run']>[0]): Promise<boolean> {
    const outcome = await this.#hooks.run(run).catch((error) => {
      if (isSkerryError(error) && finalCodes.has(error.code)) return { kind: 'failed' as const, reason: error.message };
      throw error;
    });
    if (outcome.kind === 'failed')
      this.#options.log.warn({ unit: run.unitName, reason: outcome.reason }, 'A hook failed; the removal goes on.');
    return outcome.kind !== 'waiting';
  }

  /** Objects that controllers made for ours go with them. */
  async #removeObjects(unitName: string, signal: AbortSignal): Promise<void> {
    const { world, writer } = this.#options;
    const own = leftOf(world, unitName).filter((tracked) => !tracked.isChild && !tracked.isDeleting);
    await inParallel(own, parallelWrites, async ({ ref, uid }) => {
      world.removed(ref, await writer.remove(ref, uid, signal));
    });
  }

  async #removeRecords(record: UnitRecord, signal: AbortSignal): Promise<void> {
    const { world, writer, progress, namespaces, owner } = this.#options;
    const { unitName, namespace } = record;
    const secrets = world.ofUnit(unitName).filter(({ packed, ref }) => packed !== undefined || isHelmSecret(ref));
    // The record last: as long as it is there, the removal can be taken up again.
    secrets.sort((left, right) => Number(left.packed !== undefined) - Number(right.packed !== undefined));
    for (const { ref, uid } of secrets) world.removed(ref, await writer.remove(ref, uid, signal));
    progress.forget(unitName);
    const isLast = world.records().every((other) => other.unitName === unitName || other.namespace !== namespace);
    if (isLast)
      await namespaces.release(namespace, owner, signal).catch((error) => this.#cannotRelease(namespace, error));
  }

  #cannotRelease(namespace: string, error: unknown): void {
    this.#options.log.warn({ namespace, error }, 'A namespace that is no longer needed could not be removed.');
  }

  // -------------------------------------------------------------- parts

  async #write(record: UnitRecord, signal: AbortSignal): Promise<void> {
    const { writer, world, owner } = this.#options;
    try {
      world.put((await writer.apply(packRecord(record, owner), signal)).object);
    } catch (error) {
      throw this.#lost(record.namespace, error);
    }
  }

  /** A namespace that was removed since it was looked at is made anew by the next try. */
  #lost(namespace: string, error: unknown): unknown {
    if (!isSkerryError(error) || error.code !== 'NotFound') return error;
    this.#options.namespaces.forget(namespace);
    return new SkerryError('PlatformUnavailable', `Namespace ${namespace} has gone`, { cause: error });
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
    const missing: KubeObject[] = [];
    for (const definition of rendered.definitions) {
      const found = await this.#options.writer.look(refOf(definition), signal);
      if (found !== undefined && found.metadata.labels?.[unitLabel] !== unitName) continue;
      const annotations = { ...definition.metadata.annotations, 'helm.sh/resource-policy': 'keep' };
      missing.push({ ...definition, metadata: { ...definition.metadata, annotations } });
    }
    return [...missing, ...rendered.objects];
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

export { helmSecretName, recordName };
