import type { KubeObject } from './kube-object.ts';
import { itemsAt, numberAt, textAt } from './read-member.ts';

/** What an object says of itself. `pending` never ends by itself: a deadline of ours decides when it has lasted too long. */
export interface Readiness {
  state: 'ready' | 'pending' | 'failed';
  /** For people; always there when the state is not ready. */
  message?: string;
}

export type ReadinessRule = (object: KubeObject) => Readiness;

/** Events and conditions can carry whole logs. */
const longestMessage = 500;

export const ready: Readiness = { state: 'ready' };

export function pending(message: string): Readiness {
  return { state: 'pending', message: cut(message) };
}

export function failed(message: string): Readiness {
  return { state: 'failed', message: cut(message) };
}

function cut(message: string): string {
  return message.length <= longestMessage ? message : `${message.slice(0, longestMessage - 1)}…`;
}

export interface KubeCondition {
  status: string;
  reason?: string;
  message?: string;
}

export function conditionOf(object: KubeObject, type: string): KubeCondition | undefined {
  const found = itemsAt(object, 'status', 'conditions').find((condition) => textAt(condition, 'type') === type);
  if (found === undefined) return undefined;
  return {
    status: textAt(found, 'status') ?? 'Unknown',
    reason: textAt(found, 'reason'),
    message: textAt(found, 'message'),
  };
}

export function isConditionTrue(object: KubeObject, type: string): boolean {
  return conditionOf(object, type)?.status === 'True';
}

/** `Reason: message`, whichever of both there is. */
export function conditionText(condition: KubeCondition, otherwise: string): string {
  const parts = [condition.reason, condition.message].filter((part) => part !== undefined);
  return parts.length > 0 ? parts.join(': ') : otherwise;
}

/** The controller of this kind has not looked at the newest spec: all the rest of the status may be about the one before. */
export function isStatusOutdated(object: KubeObject): boolean {
  const generation = numberAt(object, 'metadata', 'generation');
  const observed = numberAt(object, 'status', 'observedGeneration');
  return generation !== undefined && (observed ?? 0) < generation;
}
