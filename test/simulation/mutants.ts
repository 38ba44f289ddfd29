import type { Connector } from '#shared/connector/index.ts';
import type { Change, Entry, Store } from '#shared/store/store.ts';
import type { ReachedBody, UnitState } from '#shared/wire/frames.ts';
import { chainAfter } from '#shared/wire/report-chain.ts';
import type { AgentSide } from '#shared/wire/session.ts';
import { mapFrames } from './carrier.ts';
import type { Around, Seams } from './seams.ts';
import type { SimulatedAgent } from './simulated-agent.ts';

/** The product made worse on purpose, by what it is given: each must be caught, or the invariants prove nothing. */
export interface Mutant {
  name: string;
  /** Invariants of which one must catch it. */
  caughtBy: readonly string[];
  seams: Seams;
  /** First seed to try: rare ones begin where they are known to be caught. */
  from?: number;
}

const later = 3_000;

export const mutants: readonly Mutant[] = [
  { name: 'no fsync', caughtBy: ['I1', 'I2', 'I3', 'A5'], seams: { medium: withoutFsync } },
  {
    name: 'ack before commit',
    from: 9,
    caughtBy: ['I2'],
    seams: { store: (store, around) => ackedEarly(store, around) },
  },
  { name: 'mark moved in a second commit', from: 9, caughtBy: ['I2'], seams: { store: markLater } },
  {
    name: 'mark not keyed by store',
    from: 5,
    caughtBy: ['I2'],
    seams: { store: (store) => renamed(store, withoutStoreId) },
  },
  { name: 'carried records not compared by id', from: 76, caughtBy: ['I2'], seams: { store: forgetsRecordIds } },
  { name: 'prune before ack', caughtBy: ['I2'], seams: { agentSide: prunesWhenSent } },
  { name: 'intent acknowledged before fsync', from: 36, caughtBy: ['I1'], seams: { agentSide: acksIntentEarly } },
  { name: 'looked before calls settled', caughtBy: ['I3'], seams: { connector: withoutSettling } },
  { name: 'what runs is not adopted', caughtBy: ['I3'], seams: { connector: blindAtFirst } },
  { name: 'an empty store cleans up', from: 12, caughtBy: ['I5'], seams: { connector: cleansUp } },
  { name: 'precondition ignores incarnations', from: 23, caughtBy: ['A6', 'I3'], seams: { core: healsWhateverRuns } },
  { name: 'completion read from state', from: 48, caughtBy: ['A7', 'I7'], seams: { store: reachedByState } },
];

// ---------------------------------------------------------------- the agent's disk

/** Told to be durable at once, written a little later: what is under way dies with the process. */
function withoutFsync(medium: Parameters<NonNullable<Seams['medium']>>[0], { life, clock }: Around) {
  return {
    ...medium,
    open: async () => {
      const raw = await medium.open();
      return {
        ...raw,
        write: async (changes: Parameters<typeof raw.write>[0]) => {
          clock.timer(later, () => {
            if (!life.isOver) void raw.write(changes).catch(() => undefined);
          });
        },
      };
    },
  };
}

// ---------------------------------------------------------------- the controller's store

function overStore(store: Store, changed: Partial<Store>): Store {
  return {
    get: (key) => store.get(key),
    range: (query) => store.range(query),
    revision: () => store.revision(),
    feed: (from, signal) => store.feed(from, signal),
    lease: (name, ttlMs, signal) => store.lease(name, ttlMs, signal),
    commit: (changes, options) => store.commit(changes, options),
    close: () => store.close(),
    ...changed,
  } as Store;
}

const isReportCommit = (changes: readonly Change[]) => changes.some(({ key }) => key.startsWith('mark/'));

function ackedEarly(store: Store, { life, clock }: Around): Store {
  return overStore(store, {
    commit: async (changes, options) => {
      if (!isReportCommit(changes)) return store.commit(changes, options);
      const copy = structuredClone(changes) as Change[];
      clock.timer(later, () => {
        if (!life.isOver) void store.commit(copy, options).catch(() => undefined);
      });
      return { revision: await store.revision() };
    },
  });
}

function markLater(store: Store, { life, clock }: Around): Store {
  return overStore(store, {
    commit: async (changes, options) => {
      const marks = structuredClone(changes.filter(({ key }) => key.startsWith('mark/'))) as Change[];
      const rest = changes.filter(({ key }) => !key.startsWith('mark/'));
      if (marks.length > 0)
        clock.timer(later, () => {
          if (!life.isOver) void store.commit(marks).catch(() => undefined);
        });
      return store.commit(rest, options);
    },
  });
}

const withoutStoreId = (key: string) => key.replace(/^mark\/([^/]+)\/[^/]+\//, 'mark/$1/any/');

/** Other keys for the same things; the former are what the caller sees. */
function renamed(store: Store, rename: (key: string) => string): Store {
  return overStore(store, {
    get: async <T>(key: string) => {
      const entry = await store.get<T>(rename(key));
      return entry && ({ ...entry, key } as Entry<T>);
    },
    commit: (changes, options) => {
      const all = new Map(changes.map(({ key, value }) => [rename(key), value]));
      return store.commit(
        [...all].map(([key, value]) => ({ key, value })),
        options,
      );
    },
  });
}

function forgetsRecordIds(store: Store): Store {
  return overStore(store, { get: async (key) => (key.startsWith('record/') ? undefined : store.get(key)) });
}

/** Every unit of the scope that was ever reported is ready: so what is asked for now is taken for reached. */
function reachedByState(store: Store): Store {
  return overStore(store, {
    commit: async (changes, options) => {
      const added: Change[] = [];
      for (const { key, value } of changes) {
        const body = (value as { body?: UnitState } | undefined)?.body;
        if (!key.startsWith('state/') || body?.type !== 'unit' || !body.ready) continue;
        const agentId = key.split('/')[1];
        const states = await store.range<{ body: UnitState }>({ prefix: `state/${agentId}/` });
        const scope = states.map((entry) => entry.value.body).filter((each) => each.scope === body.scope);
        const head = (await store.get<{ lineage: string; generation: number }>(`intent-head/${agentId}`))?.value;
        const reached = `reached/${agentId}/${body.scope}`;
        if (changes.some((change) => change.key === reached) || added.some((change) => change.key === reached))
          continue;
        const record: Omit<ReachedBody, 'type' | 'scope' | 'removed'> & { at: number } = {
          lineage: head?.lineage ?? '',
          generation: head?.generation ?? 0,
          objects: [],
          at: 0,
        };
        if (scope.every((each) => each.ready)) added.push({ key: reached, value: record });
      }
      return store.commit([...changes, ...added], options);
    },
  });
}

// ---------------------------------------------------------------- the link

/** What was sent is as good as there. */
function prunesWhenSent(side: AgentSide, agent: SimulatedAgent): AgentSide {
  return {
    ...mapFrames(side, (frame) => [frame]),
    send(frame) {
      const isTaken = side.send(frame);
      if (frame.type === 'report')
        void agent.core?.outbox
          .acknowledge(frame.stream, { seq: frame.seq, chain: chainAfter(frame), safe: frame.seq })
          .catch(() => undefined);
      return isTaken;
    },
  };
}

function acksIntentEarly(side: AgentSide): AgentSide {
  return mapFrames(side, (frame) => {
    if (frame.type === 'delta') {
      const { agentId, storeId, lineage, term, sessionEpoch, to, history } = frame;
      side.send({ type: 'intent-ack', agentId, storeId, lineage, term, sessionEpoch, generation: to, history });
    }
    return [frame];
  });
}

// ---------------------------------------------------------------- the platform

function withoutSettling(connector: Connector): Connector {
  return { ...connector, manifest: { ...connector.manifest, settleMs: 0 } };
}

/** The first looks of a life show nothing: the journal alone is believed. */
function blindAtFirst(connector: Connector): Connector {
  let looks = 0;
  return {
    ...connector,
    observe: async (call, owner) => {
      looks += 1;
      return looks <= 3 ? [] : connector.observe(call, owner);
    },
  };
}

/** What the document does not name is removed when it is seen. */
function cleansUp(connector: Connector, agent: SimulatedAgent): Connector {
  return {
    ...connector,
    observe: async (call, owner) => {
      const seen = await connector.observe(call, owner);
      for (const unit of seen)
        if (agent.core?.seek.journal().every(([key]) => key !== unit.key))
          await connector.remove(call, { ...unit, owner, name: '' });
      return connector.observe(call, owner);
    },
  };
}

// ---------------------------------------------------------------- the controller's decisions

function healsWhateverRuns(core: Parameters<NonNullable<Seams['core']>>[0]): void {
  const commit = core.book.commit.bind(core.book);
  core.book.commit = (request) =>
    commit({
      ...request,
      agents: request.agents.map((change) => ({
        ...change,
        upserts: change.upserts.map((object) =>
          object.body.type === 'operation' ? { ...object, body: { ...object.body, precondition: {} } } : object,
        ),
      })),
    });
}
