import type { NsLcmOperationType, OperationState } from '#shared/model/ns-lcm.ts';

/** What can happen to an NS LCM operation occurrence: task resources (retry … cancel) and what the NFVO finds out by itself. */
export const operationEvents = [
  'completed',
  'failed',
  'rolledBack',
  'cancelled',
  'retry',
  'rollback',
  'continue',
  'fail',
  'cancel',
] as const;
export type OperationEvent = (typeof operationEvents)[number];

/**
 * ETSI GS NFV-SOL 005 clause 6.6.2.2, figure 6.6.2.2-1. `cancel` only makes the cancel pending; `cancelled` ends it.
 * What is not listed is illegal. PARTIALLY_COMPLETED is not entered by this version; it is an end state.
 */
export const operationTransitions: Record<OperationState, Partial<Record<OperationEvent, OperationState>>> = {
  PROCESSING: { completed: 'COMPLETED', failed: 'FAILED_TEMP', cancelled: 'FAILED_TEMP', cancel: 'PROCESSING' },
  ROLLING_BACK: { rolledBack: 'ROLLED_BACK', failed: 'FAILED_TEMP', cancelled: 'FAILED_TEMP', cancel: 'ROLLING_BACK' },
  FAILED_TEMP: { retry: 'PROCESSING', continue: 'PROCESSING', rollback: 'ROLLING_BACK', fail: 'FAILED' },
  COMPLETED: {},
  PARTIALLY_COMPLETED: {},
  FAILED: {},
  ROLLED_BACK: {},
};

/** State after the event, or undefined when the event is illegal in this state. */
export function nextOperationState(state: OperationState, event: OperationEvent): OperationState | undefined {
  return operationTransitions[state][event];
}

/** No way leads out of these; the NS is free for its next operation. */
export function isEndState(state: OperationState): boolean {
  return Object.keys(operationTransitions[state]).length === 0;
}

/** Which states of the NS instance an operation may begin in (ETSI GS NFV-SOL 005 clause 6.4). */
export const allowedNsStates: Record<NsLcmOperationType, readonly ('NOT_INSTANTIATED' | 'INSTANTIATED')[]> = {
  INSTANTIATE: ['NOT_INSTANTIATED'],
  SCALE: ['INSTANTIATED'],
  UPDATE: ['INSTANTIATED'],
  HEAL: ['INSTANTIATED'],
  TERMINATE: ['INSTANTIATED'],
};
