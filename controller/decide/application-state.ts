import type { ApplicationState } from '#shared/model/clusters.ts';
import type { UnitFailureRecord } from '#shared/model/ns-lcm.ts';
import type { UnitState } from '#shared/wire/frames.ts';

export interface ApplicationStanding {
  /** Of its object in the agent's intent; undefined: a change is still being spread. */
  revision: number | undefined;
  isDetaching: boolean;
  state: UnitState | undefined;
  failure: UnitFailureRecord | undefined;
  connected: boolean;
}

/** What was reported of one application at one cluster → how it stands. Pure. */
export function applicationState(standing: ApplicationStanding): { state: ApplicationState; message: string } {
  const { revision, state, failure, connected } = standing;
  const away = connected ? '' : 'the site cannot be reached; it goes on when it is back';
  if (standing.isDetaching) return { state: 'removing', message: away || state?.message || '' };
  if (revision === undefined) return { state: 'pending', message: 'the change is on its way to the site' };
  const isOfNow = state !== undefined && state.revision === revision;
  if (isOfNow && state.ready) return { state: 'ready', message: '' };
  if (failure?.revision === revision) return { state: 'given-up', message: failure.message };
  if (!isOfNow) return { state: 'pending', message: away || 'the site has not taken it up yet' };
  const message = state.message || state.observed?.message || away;
  return { state: state.observed?.phase === 'failed' ? 'failed' : 'pending', message };
}
