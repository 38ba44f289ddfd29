import type { NsLcmOpOcc, OneShotRecord, OperationTarget } from '#shared/model/ns-lcm.ts';
import type { OperationEvent } from './transitions.ts';

/** How one agent stands towards an operation. */
export interface TargetStanding {
  target: OperationTarget;
  siteName: string;
  /** Newest generation that the agent reported as reached for this scope in the present lineage; 0: none. */
  reachedGeneration: number;
  connected: boolean;
  /** Epoch ms when it was connected or lost. */
  since: number;
}

/** A terminal failure at the revision that is asked for now. */
export interface StandingFailure {
  siteName: string;
  key: string;
  code: string;
  message: string;
}

export interface OneShotStanding {
  opId: string;
  siteName: string;
  connected: boolean;
  record: OneShotRecord | undefined;
}

export interface Standing {
  targets: readonly TargetStanding[];
  failures: readonly StandingFailure[];
  oneShots: readonly OneShotStanding[];
  now: number;
  limits: OperationLimits;
}

export interface OperationLimits {
  /** A site that came back while the operation ran has this long to catch up, also past the deadline. */
  reconnectGraceMs: number;
  /** A graceful cancel waits this long for what is being done. */
  cancelGraceMs: number;
}

export interface Summary {
  /** What has happened; undefined: it goes on. */
  event: Extract<OperationEvent, 'completed' | 'failed' | 'rolledBack' | 'cancelled'> | undefined;
  error?: { status: number; title: string; detail: string };
  /** Sentences, one per site that is waited for. */
  waitingFor: string[];
  /** Epoch ms at which the clock alone can change this summary. */
  lookAgainAt: number | undefined;
}

/**
 * Operation + what was reported → what has become of it. Only `reached` of the current target ends it well; a terminal failure,
 * a failed one-shot or the deadline ends it for the time being. A site that cannot be reached is waited for, never failed.
 */
export function summarise(operation: NsLcmOpOcc, standing: Standing): Summary {
  const unreached = standing.targets.filter((item) => item.reachedGeneration < item.target.generation);
  const running = standing.oneShots.filter((item) => item.record === undefined);
  const waitingFor = [...unreached.map(waitingSentence), ...running.map(oneShotSentence)];
  const isRollingBack = operation.state === 'ROLLING_BACK';
  const failure = failureOf(operation, standing, isRollingBack);
  if (failure !== undefined) return { event: 'failed', error: failure, waitingFor, lookAgainAt: undefined };
  if (waitingFor.length === 0)
    return { event: isRollingBack ? 'rolledBack' : 'completed', waitingFor, lookAgainAt: undefined };
  return overdue(operation, standing, { unreached, running, waitingFor });
}

function failureOf(operation: NsLcmOpOcc, standing: Standing, isRollingBack: boolean): Summary['error'] {
  const [first] = standing.failures;
  if (first !== undefined) {
    const others = standing.failures.length > 1 ? ` (and ${standing.failures.length - 1} more)` : '';
    return problem(operation, `${first.siteName}: ${first.key} failed: ${first.message}${others}`);
  }
  // A rollback only wants them to end, however.
  if (isRollingBack) return undefined;
  const bad = standing.oneShots.find((item) => item.record !== undefined && !isGood(item.record.result));
  if (bad?.record === undefined) return undefined;
  return problem(operation, `${bad.siteName}: the action ended as ${bad.record.result}: ${bad.record.message}`);
}

/** `stale`: local policy was first, the condemned incarnation is gone already. */
function isGood(result: OneShotRecord['result']): boolean {
  return result === 'done' || result === 'stale';
}

function problem(operation: NsLcmOpOcc, detail: string): NonNullable<Summary['error']> {
  return { status: 500, title: `${operation.type} failed`, detail };
}

interface Waits {
  unreached: TargetStanding[];
  running: OneShotStanding[];
  waitingFor: string[];
}

function overdue(operation: NsLcmOpOcc, standing: Standing, waits: Waits): Summary {
  const { now, limits } = standing;
  const times: number[] = [];
  if (operation.isCancelPending) {
    const cancelAt = cancelTime(operation, waits, limits);
    if (now >= cancelAt) {
      const detail = 'Cancelled on request; what was asked for stays asked until it is rolled back, retried or failed.';
      const error = { status: 409, title: `${operation.type} cancelled`, detail };
      return { event: 'cancelled', error, waitingFor: waits.waitingFor, lookAgainAt: undefined };
    }
    times.push(cancelAt);
  }
  for (const item of waits.unreached) {
    if (operation.deadlineAt === 0 || !item.connected) continue;
    const cameBack = item.since > operation.stateEnteredAt;
    const graceEnd = cameBack ? item.since + limits.reconnectGraceMs : 0;
    const effective = Math.max(operation.deadlineAt, graceEnd);
    if (now >= effective) {
      const detail = `Not done in time: ${waitingSentence(item)}`;
      return {
        event: 'failed',
        error: problem(operation, detail),
        waitingFor: waits.waitingFor,
        lookAgainAt: undefined,
      };
    }
    times.push(effective);
  }
  const isOverdue = operation.deadlineAt > 0 && now >= operation.deadlineAt;
  const late = waits.running.find((item) => item.connected);
  if (isOverdue && late !== undefined && waits.unreached.length === 0)
    return {
      event: 'failed',
      error: problem(operation, `Not done in time: ${oneShotSentence(late)}`),
      waitingFor: waits.waitingFor,
      lookAgainAt: undefined,
    };
  if (!isOverdue && late !== undefined && operation.deadlineAt > 0) times.push(operation.deadlineAt);
  return {
    event: undefined,
    waitingFor: waits.waitingFor,
    lookAgainAt: times.length > 0 ? Math.min(...times) : undefined,
  };
}

/** At once when forced, or when nobody who could confirm it is there. */
function cancelTime(operation: NsLcmOpOcc, waits: Waits, limits: OperationLimits): number {
  const asked = operation.cancelRequestedAt ?? 0;
  if (operation.cancelMode === 'FORCEFUL') return asked;
  const isAnybodyThere = [...waits.unreached, ...waits.running].some((item) => item.connected);
  return isAnybodyThere ? asked + limits.cancelGraceMs : asked;
}

function waitingSentence(item: TargetStanding): string {
  if (!item.connected) return unreachableSentence(item.siteName, item.since);
  return `${item.siteName} works towards generation ${item.target.generation}.`;
}

export function unreachableSentence(siteName: string, since: number): string {
  return `${siteName} unreachable since ${new Date(since).toISOString()}.`;
}

function oneShotSentence(item: OneShotStanding): string {
  if (!item.connected) return `${item.siteName} cannot be reached; the action waits for it.`;
  return `${item.siteName} carries out the action.`;
}
