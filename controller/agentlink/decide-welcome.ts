import { type Hello, type ReportStream, reportStreams, type StreamPosition } from '#shared/wire/frames.ts';
import type { IntentHead } from '../intent-book/index.ts';
import type { AgentSessionRecord } from './session-record.ts';

export interface KnownOfAgent {
  record: AgentSessionRecord;
  head: IntentHead;
  term: number;
  /** History that the book keeps at the Hello's generation; undefined when it is not kept. */
  historyThere: string | undefined;
  /** Marks of the Hello's store. */
  marks: Record<ReportStream, StreamPosition>;
}

/** Live copies that are told apart. */
const maxContested = 8;

/** What a Hello means, and what goes down first. */
export type WelcomeDecision =
  | { kind: 'normal'; send: 'nothing' | 'delta' | 'snapshot' | 'buckets' }
  /** An empty or reborn store: new streams from number 1, a whole snapshot. */
  | { kind: 'new-store' }
  /** The disk was set back, or there are two: take a new storeId. */
  | { kind: 'rebirth'; reason: string }
  /** This controller was set back: nothing goes down until an operator has spoken. */
  | { kind: 'rewind-suspected'; reason: string }
  /** Two live copies of the agent: neither gets anything until an operator has named the true one. */
  | { kind: 'contested'; stores: string[]; reason: string }
  /** Another lineage. */
  | { kind: 'refuse'; reason: string }
  /** The copy that an operator has named untrue. */
  | { kind: 'disowned'; reason: string };

/** The table of docs/sync-protocol.md, "Connect and resync". Pure. */
export function decideWelcome(hello: Hello, known: KnownOfAgent): WelcomeDecision {
  const { record, head } = known;
  const isForeign = hello.lineage !== '' && hello.lineage !== head.lineage;
  if (isForeign)
    return { kind: 'refuse', reason: `the agent follows lineage ${hello.lineage}, this controller is ${head.lineage}` };
  if (record.disowned?.includes(hello.storeId) === true)
    return {
      kind: 'disowned',
      reason: 'an operator has named another copy of this agent as the true one; end this one',
    };
  const contested = findContested(hello, record);
  if (contested !== undefined) return contested;
  const rewind = findRewind(hello, known);
  if (rewind !== undefined) return { kind: 'rewind-suspected', reason: rewind };
  if (hello.storeId !== record.storeId) {
    return record.formerStores.includes(hello.storeId)
      ? { kind: 'rebirth', reason: 'this is a former store of the agent' }
      : { kind: 'new-store' };
  }
  const setBack = findSetBack(hello, known);
  if (setBack !== undefined) return { kind: 'rebirth', reason: setBack };
  return { kind: 'normal', send: firstDown(hello, known) };
}

/**
 * A former store that is the newest copy of itself: its disk was not set back, so it lives beside the one that took its place.
 * An older copy of a former store is a disk that was set back, and is reborn.
 */
function findContested(hello: Hello, record: AgentSessionRecord): WelcomeDecision | undefined {
  const present = record.contested ?? [];
  const confirmed = record.formerEpochs?.[hello.storeId] ?? 0;
  const isAlive = record.formerStores.includes(hello.storeId) && confirmed > 0 && hello.lastEpoch >= confirmed;
  if (present.length === 0 && !isAlive) return undefined;
  const stores = [...new Set([...present, record.storeId, hello.storeId])].slice(0, maxContested);
  return { kind: 'contested', stores, reason: `two copies of this agent are alive: stores ${stores.join(' and ')}` };
}

/** Signs that the agent knows more of us than we do. */
function findRewind(hello: Hello, { record, head, term, historyThere }: KnownOfAgent): string | undefined {
  if (hello.lastEpoch > record.epochIssued)
    return `the agent has seen epoch ${hello.lastEpoch}, the highest issued is ${record.epochIssued}`;
  if (hello.lineage === '') return undefined;
  if (hello.term > term) return `the agent has seen term ${hello.term}, this is term ${term}`;
  if (hello.generation > head.generation)
    return `the agent holds generation ${hello.generation}, the newest here is ${head.generation}`;
  if (historyThere !== undefined && historyThere !== hello.history)
    return `generation ${hello.generation} of the agent has another history`;
  return undefined;
}

/** Signs that the agent's disk is older than what came from it before. */
function findSetBack(hello: Hello, { record, marks }: KnownOfAgent): string | undefined {
  if (hello.lastEpoch < record.epochConfirmed)
    return `the store knows epoch ${hello.lastEpoch}, and has confirmed ${record.epochConfirmed}`;
  if (hello.generation < record.acked.generation)
    return `the store holds generation ${hello.generation}, and has acknowledged ${record.acked.generation}`;
  for (const stream of reportStreams) {
    const mark = marks[stream];
    const own = hello.streams[stream];
    if (own.seq < mark.seq) return `${stream} ends at ${own.seq}, and ${mark.seq} was received`;
    if (own.seq === mark.seq && own.chain !== mark.chain) return `${stream} has another record ${own.seq}`;
  }
  return undefined;
}

/** Equal history and another root is damage at the agent; only then are buckets exchanged, never over a fork. */
function firstDown(
  hello: Hello,
  { head, historyThere, record }: KnownOfAgent,
): 'nothing' | 'delta' | 'snapshot' | 'buckets' {
  if (historyThere === undefined || record.owesSnapshot) return 'snapshot';
  if (hello.generation < head.generation) return 'delta';
  return hello.root === head.root ? 'nothing' : 'buckets';
}
