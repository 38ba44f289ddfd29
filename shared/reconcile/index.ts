export type { Reconcile, ReconcileOutcome } from './reconciler.ts';
export { ReconcileRunner, type ReconcileRunnerOptions, type RunCounts } from './runner.ts';
