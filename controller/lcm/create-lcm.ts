import type { NsInstance } from '#shared/model/ns-lcm.ts';
import { ReconcileRunner } from '#shared/reconcile/index.ts';
import type { Component } from '#shared/runtime/index.ts';
import { actOnKdu } from './act-on-kdu.ts';
import { cancel } from './cancel.ts';
import { fail } from './fail.ts';
import { heal } from './heal.ts';
import { instantiate } from './instantiate.ts';
import type { Lcm, LcmQueries } from './lcm.ts';
import { createExclusive, defaultLcmPolicy, type LcmContext, type LcmDependencies } from './lcm-context.ts';
import { createLcmQueries } from './lcm-queries.ts';
import { mirrorGroups } from './mirror-groups.ts';
import { createNs, deleteNs } from './ns-instances.ts';
import { reconcileNs } from './operation-reconciler.ts';
import { continueOperation, retry } from './retry.ts';
import { rollback } from './rollback.ts';
import { scale } from './scale.ts';
import { StoreMirror } from './store-mirror.ts';
import { terminate } from './terminate.ts';

export interface LcmRoom extends Component {
  commands: Lcm;
  queries: LcmQueries;
  /** Something was reported of this NS, or of a site that it waits for: looks at its open operation. */
  wake(nsInstanceId: string): void;
  /** Wakes every NS with an open operation: a site came or went. */
  wakeOpen(): void;
  /** Resolves when no reconciler runs or is queued. */
  idle(): Promise<void>;
}

const concurrency = 16;
const runDeadlineMs = 30_000;

/** NS lifecycle management. `start()` resumes every operation that the store knows as open. */
export function createLcm(dependencies: LcmDependencies): LcmRoom {
  const { store, clock, random, log } = dependencies;
  const policy = { ...defaultLcmPolicy, ...dependencies.policy };
  const mirror = new StoreMirror({ store, clock, log, groups: mirrorGroups });
  const runner = new ReconcileRunner({
    name: 'ns',
    reconcile: (nsInstanceId) => reconcileNs(context, nsInstanceId),
    clock,
    random,
    log,
    concurrency,
    deadlineMs: runDeadlineMs,
    backoff: { minMs: 50, maxMs: 10_000 },
  });
  const context: LcmContext = {
    ...dependencies,
    policy,
    wake: (nsInstanceId) => runner.wake(nsInstanceId),
    exclusive: createExclusive(),
  };
  const wakeOpen = () => {
    for (const { value } of mirror.list<NsInstance>('ns')) {
      if (value.openOperationId !== undefined) runner.wake(value.id);
    }
  };
  return {
    commands: commandsOf(context),
    queries: createLcmQueries({ mirror, clock, freshMs: policy.freshMs, silentMs: dependencies.silentMs }),
    wake: (nsInstanceId) => runner.wake(nsInstanceId),
    wakeOpen,
    idle: () => runner.idle(),
    async start() {
      await mirror.start();
      wakeOpen();
      await runner.start();
    },
    async stop() {
      await runner.stop();
      await mirror.stop();
    },
  };
}

function commandsOf(context: LcmContext): Lcm {
  return {
    createNs: (request, body) => createNs(context, request, body),
    deleteNs: (request, id) => deleteNs(context, request, id),
    instantiate: (request, id, body) => instantiate(context, request, id, body),
    scale: (request, id, body) => scale(context, request, id, body),
    heal: (request, id, body) => heal(context, request, id, body),
    actOnKdu: (request, id, body) => actOnKdu(context, request, id, body),
    terminate: (request, id, body) => terminate(context, request, id, body),
    retry: (request, id) => retry(context, request, id),
    rollback: (request, id) => rollback(context, request, id),
    continue: (request, id) => continueOperation(context, request, id),
    fail: (request, id) => fail(context, request, id),
    cancel: (request, id, mode) => cancel(context, request, id, mode),
  };
}
