import { isAsApplied } from '../objects/applied-fields.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { type ObjectRef, refKey, refText } from '../objects/kube-object.ts';
import type { OwnedWorld, RecordView } from './owned-world.ts';
import type { Progress } from './release-progress.ts';
import type { Tracked } from './tracked-object.ts';

/** What the cluster shows of a release's objects. */
export interface Examination {
  /** Not there, or somebody changed what is ours. */
  astray: { ref: ObjectRef; why: string }[];
  /** All are there and work. */
  isReady: boolean;
  /** Will not work any more without a change. */
  failure?: string;
  /** What is waited for, for people. */
  waitsFor: string;
}

export function examine(world: OwnedWorld, view: RecordView, progress: Progress | undefined): Examination {
  const found: Examination = { astray: [], isReady: true, waitsFor: '' };
  for (const ref of view.target.refs) {
    const blindness = world.blindness(ref);
    if (blindness !== undefined) {
      wait(found, `${refText(ref)} cannot be seen: ${blindness.message}`);
      continue;
    }
    const tracked = world.find(view.unitName, ref);
    const expected = progress?.fields.get(refKey(ref)) ?? view.target.fields[refKey(ref)];
    if (tracked === undefined) found.astray.push({ ref, why: `${refText(ref)} is missing` });
    else if (tracked.isDeleting) wait(found, `${refText(ref)} is being deleted`);
    else if (expected !== undefined && !isAsApplied(expected, tracked.fields))
      found.astray.push({ ref, why: `${refText(ref)} was changed by somebody else` });
    if (tracked !== undefined) judge(found, ref, tracked);
  }
  if (found.astray.length > 0) found.isReady = false;
  if (!found.isReady && found.waitsFor === '') found.waitsFor = found.astray[0]?.why ?? '';
  const pod = found.isReady ? undefined : troubledPod(world.ofUnit(view.unitName));
  if (pod !== undefined) found.waitsFor = `${found.waitsFor}; ${pod}`;
  return found;
}

function judge(found: Examination, ref: ObjectRef, { readiness }: Tracked): void {
  if (readiness.state === 'ready') return;
  const text = `${refText(ref)}: ${readiness.message ?? readiness.state}`;
  if (readiness.state === 'failed') found.failure ??= text;
  wait(found, text);
}

function wait(found: Examination, text: string): void {
  found.isReady = false;
  if (found.waitsFor === '') found.waitsFor = text;
}

/** The first pod that says why it does not run: an image that cannot be pulled, a crash loop. */
function troubledPod(tracked: readonly Tracked[]): string | undefined {
  for (const { ref, readiness, source } of tracked)
    if (ref.kind === 'Pod' && readiness.state !== 'ready' && readiness.message !== undefined && hasTrouble(source))
      return `Pod ${ref.name}: ${readiness.message}`;
  return undefined;
}

function hasTrouble(pod: KubeObject | undefined): boolean {
  const text = JSON.stringify(pod?.status ?? {});
  return /"reason":"(ErrImagePull|ImagePullBackOff|InvalidImageName|CrashLoopBackOff|CreateContainer\w*Error|Unschedulable|Error)"/.test(
    text,
  );
}
