import type { Report, StreamPosition } from '#shared/wire/frames.ts';
import { chainAfter } from '#shared/wire/report-chain.ts';

export type ReportDecision =
  /** At or below the mark: acknowledged again, not applied. */
  | { kind: 'known' }
  /** Numbers are missing, or the past is another one: the session ends, the next Welcome finds out why. */
  | { kind: 'refused'; reason: 'gap' | 'chain' }
  | { kind: 'take'; mark: StreamPosition };

/** Pure: a report against the mark of its (agent, store, stream). A Gap that begins below the mark counts from mark + 1. */
export function decideReport(mark: StreamPosition, report: Report): ReportDecision {
  const { body, seq } = report;
  if (seq <= mark.seq) return { kind: 'known' };
  const from = body.type === 'gap' ? body.from : seq;
  if (body.type === 'gap' && (body.to !== seq || from > seq || from < 1)) return { kind: 'refused', reason: 'gap' };
  if (from > mark.seq + 1) return { kind: 'refused', reason: 'gap' };
  if (from === mark.seq + 1 && report.prevHash !== mark.chain) return { kind: 'refused', reason: 'chain' };
  return { kind: 'take', mark: { seq, chain: chainAfter(report) } };
}
