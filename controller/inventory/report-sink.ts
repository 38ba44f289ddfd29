import type { AgentId } from '#shared/model/ids.ts';
import type { Change } from '#shared/store/store.ts';
import type { ReportBody, ReportStream, StateBody } from '#shared/wire/frames.ts';

export interface IncomingReport {
  stream: ReportStream;
  seq: number;
  recordId: string;
  at: number;
  /** From a former store of the agent: kept as history, changes no current state. */
  late: boolean;
  body: ReportBody;
}

export interface IncomingState {
  key: string;
  seq: number;
  at: number;
  body: StateBody | null;
}

/**
 * Turns reports into store changes. agentlink commits them together with the high-water mark, then calls `committed`,
 * then acknowledges. Pure but for reads; must tolerate any content (a stolen agent certificate): an agent can only
 * change what is kept under its own id.
 */
export interface ReportSink {
  apply(agentId: AgentId, storeId: string, reports: IncomingReport[], states: IncomingState[]): Promise<Change[]>;
  /** Wakes whoever waits for these keys. */
  committed(agentId: AgentId, reports: IncomingReport[], states: IncomingState[]): void;
  /**
   * A session began or ended. `isStateConfirmed`: what is kept of the agent's state is what it holds now, though it will not
   * be sent again.
   */
  connection(agentId: AgentId, connected: boolean, isStateConfirmed?: boolean): Promise<void>;
  /** The same, found out during the session. */
  stateConfirmed?(agentId: AgentId): Promise<void>;
  /** The agent has made this generation durable. */
  acked(agentId: AgentId, generation: number): void;
  /** Something about the agent's store or the controller's own needs an operator; also told when it is over. */
  alarm?(agentId: AgentId, alarm: LinkAlarm, raised: boolean, message: string): Promise<void>;
}

/** RewindSuspected: this controller was set back. TwoCopies: a former store of the agent is alive. LineageRefused: not our site. */
export type LinkAlarm = 'RewindSuspected' | 'TwoCopies' | 'LineageRefused';
