import { type KubeObject, refOf } from '../objects/kube-object.ts';
import type { ObjectWriter } from '../objects/object-writer.ts';
import { withOwnership } from '../objects/own-labels.ts';
import { type HookEvent, hasPolicy, hooksOf, runsToItsEnd } from './hook-order.ts';
import type { OwnedWorld } from './owned-world.ts';
import type { Progress, ReleaseProgress } from './release-progress.ts';
import { hookAnnotation, type Tracked } from './tracked-object.ts';
import type { Release } from './unit-record.ts';

export interface HookRun {
  unitName: string;
  owner: string;
  release: Release;
  event: HookEvent;
  present: Progress;
  signal: AbortSignal;
  /** Hooks of the event that an earlier life has brought to their end. */
  hooksDone?: number;
  /** One more has ended, and others follow: remembers how many. */
  onDone?: (hooksDone: number) => Promise<void>;
}

export type HookOutcome = { kind: 'done' } | { kind: 'waiting' } | { kind: 'failed'; reason: string };

/**
 * A chart's hooks, one after the other, each to its end. A hook that was made for this very release in an earlier life of the
 * agent is waited for, not run again: so none is removed before it is written down that all of them have run.
 */
export class HookRunner {
  readonly #writer: ObjectWriter;
  readonly #world: OwnedWorld;
  readonly #progress: ReleaseProgress;

  constructor(parts: { writer: ObjectWriter; world: OwnedWorld; progress: ReleaseProgress }) {
    this.#writer = parts.writer;
    this.#world = parts.world;
    this.#progress = parts.progress;
  }

  async run(task: HookRun): Promise<HookOutcome> {
    const hooks = hooksOf(task.release, task.event);
    const { present, hooksDone = 0 } = task;
    present.hookIndex = Math.max(present.hookIndex, hooksDone);
    while (present.hookIndex < hooks.length) {
      const hook = hooks[present.hookIndex]!;
      if (!present.isHookMade && !(await this.#make(task, hook))) return { kind: 'waiting' };
      const found = this.#world.find(task.unitName, refOf(hook));
      const verdict = this.#judge(task, hook, found);
      if (verdict.kind !== 'done') return verdict;
      present.hookIndex += 1;
      present.isHookMade = false;
      if (present.hookIndex < hooks.length) await task.onDone?.(present.hookIndex);
    }
    present.hookIndex = 0;
    return { kind: 'done' };
  }

  /** Removes the hooks of an event as their author wants it. Only when it is written down that they have run. */
  async cleanUp({ unitName, release, event, signal }: HookRun): Promise<void> {
    for (const hook of hooksOf(release, event)) {
      const found = this.#world.find(unitName, refOf(hook));
      if (found === undefined || found.isDeleting || found.hookOf !== markOf(release, event)) continue;
      const isWell = !runsToItsEnd(hook) || found.hasEnded;
      if (!hasPolicy(hook, isWell ? 'hook-succeeded' : 'hook-failed')) continue;
      this.#world.removed(found.ref, await this.#writer.remove(found.ref, found.uid, signal));
    }
  }

  /** False: what stands in its place is still on its way out. */
  async #make({ unitName, owner, release, present, signal, event }: HookRun, hook: KubeObject): Promise<boolean> {
    const mark = markOf(release, event);
    const ref = refOf(hook);
    await this.#world.followKinds([ref], signal);
    const found = this.#world.find(unitName, ref);
    if (found !== undefined && found.hookOf !== mark && isInTheWay(hook)) {
      if (!found.isDeleting) this.#world.removed(ref, await this.#writer.remove(ref, found.uid, signal));
      const left = this.#world.find(unitName, ref);
      if (left !== undefined) return false;
    }
    if (this.#world.find(unitName, ref)?.hookOf !== mark) {
      const owned = withOwnership(hook, { owner, unitName });
      owned.metadata.annotations = { ...owned.metadata.annotations, [hookAnnotation]: mark };
      this.#world.put((await this.#writer.apply(owned, signal)).object);
    }
    present.isHookMade = true;
    this.#progress.arm(unitName, present, release.timeoutS);
    return true;
  }

  #judge({ present, event }: HookRun, hook: KubeObject, found: Tracked | undefined): HookOutcome {
    if (!runsToItsEnd(hook) || found?.hasEnded === true) return { kind: 'done' };
    const name = `${event} hook ${hook.kind} ${hook.metadata.name}`;
    if (found === undefined) return { kind: 'failed', reason: `the ${name} was removed before it ended` };
    if (found.readiness.state === 'failed')
      return { kind: 'failed', reason: `the ${name} failed: ${found.readiness.message ?? ''}` };
    if (this.#progress.isLate(present)) return { kind: 'failed', reason: `the ${name} did not end in time` };
    return { kind: 'waiting' };
  }
}

/** Of an earlier release: its author wants it to be gone, or the agent died before it removed it. */
function isInTheWay(hook: KubeObject): boolean {
  return hasPolicy(hook, 'before-hook-creation') || hasPolicy(hook, 'hook-succeeded');
}

function markOf({ no }: Release, event: HookEvent): string {
  return `${no}/${event}`;
}
