import type { GapBody, Report, ReportBody, ReportStream } from '#shared/wire/frames.ts';
import { chainAfter } from '#shared/wire/report-chain.ts';

/** `out/<stream>/<seq>`; a Gap lies under the last number that it takes. */
export interface OutboxRecord {
  seq: number;
  /** Lowest number that the record stands for; `seq` for all but a Gap. */
  from: number;
  prevHash: string;
  chain: string;
  recordId: string;
  carried: boolean;
  at: number;
  body: ReportBody;
  /** Gap only: chain hashes of the numbers from..to, newest last; an acknowledgement may still name one of them. */
  chains?: string[];
}

/** `meta/stream/<stream>` */
export interface StreamHead {
  seq: number;
  chain: string;
  ackedSeq: number;
  ackedChain: string;
  safe: number;
  /** Everything up to here is gone from the outbox. */
  prunedSeq: number;
  prunedChain: string;
  /** Records in the outbox; a Gap is one. */
  held: number;
}

export const emptyStreamHead: StreamHead = {
  seq: 0,
  chain: '',
  ackedSeq: 0,
  ackedChain: '',
  safe: 0,
  prunedSeq: 0,
  prunedChain: '',
  held: 0,
};

/** What the link sends: a report without its frame head. */
export type PendingReport = Omit<Report, 'agentId' | 'storeId' | 'lineage' | 'term' | 'sessionEpoch'>;

export function toPending(stream: ReportStream, record: OutboxRecord): PendingReport {
  const { seq, prevHash, recordId, carried, at, body } = record;
  return { type: 'report', stream, seq, prevHash, recordId, carried, at, body };
}

export function makeRecord(
  stream: ReportStream,
  head: StreamHead,
  made: { recordId: string; carried: boolean; at: number; body: ReportBody },
): OutboxRecord {
  const seq = head.seq + 1;
  const prevHash = head.chain;
  const chain = chainAfter({ stream, seq, prevHash, recordId: made.recordId, at: made.at, body: made.body });
  return { seq, from: seq, prevHash, chain, ...made };
}

/** One record for a run of records that are given up. Their hashes stay, the newest `keptChains` of them. */
export function makeGap(records: readonly OutboxRecord[], reason: GapBody['reason'], keptChains: number): OutboxRecord {
  const first = records[0] as OutboxRecord;
  const last = records.at(-1) as OutboxRecord;
  const chains = records.flatMap((record) => record.chains ?? [record.chain]);
  return {
    seq: last.seq,
    from: first.from,
    prevHash: first.prevHash,
    chain: last.chain,
    recordId: last.recordId,
    carried: false,
    at: last.at,
    body: { type: 'gap', from: first.from, to: last.seq, lastChain: last.chain, reason },
    chains: chains.slice(-keptChains),
  };
}
