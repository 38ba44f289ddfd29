import type { InfraFacts } from '#shared/connector/index.ts';
import type { InfraId, ObjectKey } from '#shared/model/ids.ts';
import type { JournalRecord } from '../journal/index.ts';
import type { UnitStatus } from '../seek/index.ts';
import type { LocalStatus } from './local-status.ts';

export interface InfraStatus {
  infraId: InfraId;
  name: string;
  kind: string;
  facts: InfraFacts | null;
  message: string;
}

/** Orders to a simulated infra, as they come from outside: the connector checks what it is given. */
export interface SimulatedOrders {
  order(verb: SimulatedVerb, body: unknown): Promise<unknown>;
  world(): unknown;
}
export const simulatedVerbs = ['fault', 'release', 'kill', 'drift', 'delete', 'alarm'] as const;
export type SimulatedVerb = (typeof simulatedVerbs)[number];

/** What the node's own API shows and does; put together by the agent's composition root. */
export interface LocalSources {
  status: () => LocalStatus;
  units: () => UnitStatus[];
  journal: () => [key: ObjectKey, record: JournalRecord][];
  outbox: () => { stream: string; pending: number; acked: number; lastSeq: number }[];
  infras: () => InfraStatus[];
  heldDeletions: () => ObjectKey[];
  holdDeletions: () => Promise<void>;
  releaseDeletions: () => Promise<ObjectKey[]>;
  /** undefined: not simulated, or not open. */
  simulated: (infraId: InfraId) => SimulatedOrders | undefined;
}
