import type { KubeObject } from './kube-object.ts';
import { countAt, isTrueAt, itemsAt, numberAt, textAt, valueAt } from './read-member.ts';
import { conditionOf, conditionText, failed, isConditionTrue, pending, type Readiness, ready } from './readiness.ts';

export function judgePod(object: KubeObject): Readiness {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Succeeded') return ready;
  if (phase === 'Failed') return failed(podTrouble(object) ?? 'the pod has failed');
  if (isConditionTrue(object, 'Ready')) return ready;
  return pending(podTrouble(object) ?? `the pod is ${phase === undefined ? 'new' : phase.toLowerCase()}, not ready`);
}

/** Most telling first: what the pod as a whole says, what its containers wait for, why no node takes it. */
function podTrouble(pod: KubeObject): string | undefined {
  const reason = textAt(pod, 'status', 'reason');
  if (reason !== undefined) return conditionText({ status: '', reason, message: textAt(pod, 'status', 'message') }, '');
  for (const list of ['initContainerStatuses', 'containerStatuses']) {
    const troubles = itemsAt(pod, 'status', list).flatMap((status) => containerTrouble(status) ?? []);
    if (troubles.length > 0) return troubles.slice(0, 3).join('; ');
  }
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled?.status === 'False') return conditionText(scheduled, 'no node takes it');
  const isReady = conditionOf(pod, 'Ready');
  return isReady?.reason === undefined ? undefined : conditionText(isReady, '');
}

/** Waiting for an ordinary start is no trouble; `CrashLoopBackOff` says nothing without how the container ended. */
function containerTrouble(status: Record<string, unknown>): string | undefined {
  const name = textAt(status, 'name') ?? '?';
  const reason = textAt(status, 'state', 'waiting', 'reason');
  const ended = endOf(valueAt(status, 'state', 'terminated'));
  if (reason === undefined) return ended === undefined ? undefined : `container ${name} ${ended}`;
  if (reason === 'ContainerCreating' || reason === 'PodInitializing') return undefined;
  const before = endOf(valueAt(status, 'lastState', 'terminated'));
  const message = textAt(status, 'state', 'waiting', 'message');
  const parts = [reason, before ?? message].filter((part) => part !== undefined);
  return `container ${name}: ${parts.join(', ')}`;
}

function endOf(terminated: unknown): string | undefined {
  const exitCode = numberAt(terminated, 'exitCode');
  if (exitCode === undefined || exitCode === 0) return undefined;
  const reason = textAt(terminated, 'reason');
  return `ended with ${exitCode}${reason === undefined || reason === 'Error' ? '' : ` (${reason})`}`;
}

export function judgeJob(object: KubeObject): Readiness {
  if (isConditionTrue(object, 'Complete')) return ready;
  const failure = conditionOf(object, 'Failed');
  if (failure?.status === 'True') return failed(conditionText(failure, 'the job has failed'));
  if (isTrueAt(object, 'spec', 'suspend')) return { ...ready, message: 'suspended' };
  const wanted = numberAt(object, 'spec', 'completions') ?? 1;
  const tries = countAt(object, 'status', 'failed');
  const retried = tries > 0 ? `, ${tries} tries failed` : '';
  return pending(`${countAt(object, 'status', 'succeeded')} of ${wanted} completions${retried}`);
}
