import type { InfraId, ObjectKey } from '#shared/model/ids.ts';
import type { IntentHolder } from '../intent/intent-holder.ts';
import type { UnitJournal } from '../journal/index.ts';
import type { UnitPlan } from '../plan/index.ts';
import type { HealingPolicy } from '../policy/index.ts';
import type { Outbox } from '../report/outbox.ts';
import type { AgentStore } from '../store/agent-store.ts';
import type { InfraSet } from './infra-set.ts';
import type { IntentIndex } from './intent-index.ts';
import type { PlatformCallOptions } from './platform-call.ts';
import type { RemovalBrake } from './removal-brake.ts';

/** What the lanes of one agent share. */
export interface SeekContext extends PlatformCallOptions {
  store: AgentStore;
  holder: IntentHolder;
  outbox: Outbox;
  journal: UnitJournal;
  policy: HealingPolicy;
  infras: InfraSet;
  brake: RemovalBrake;
  siteId: string;
  agentId: string;
  boot: { bootId: string; startedAtMono: number };
  /** The controller's clock as far as it is known, epoch ms. */
  controllerNow: () => number;
  index(): IntentIndex;
  memory(key: ObjectKey): UnitMemory;
  wake(key: ObjectKey): void;
  wakeScope(scope: string): void;
  /** Room has become free: what waited for it tries again. */
  wakeForCapacity(infraId: InfraId): void;
  random: { next(): number };
}

/** What a lane knows of its unit for as long as the process lives; nothing here is needed after a restart. */
export interface UnitMemory {
  plan?: UnitPlan;
  /** Failures in a row. */
  attempts: number;
  notBeforeMono: number;
  lastCode?: string;
  failure: string;
  /** A call of this life timed out then. */
  doubtSinceMono?: number;
  /** Digest of a spec that the platform cannot reach in place. */
  replaceForDigest?: string;
  /** Look before planning, from then on. */
  lookDueMono?: number;
  /** Last state that was put into the outbox, to spare transactions. */
  reported?: string;
}
