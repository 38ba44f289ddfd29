import { canonicalJson } from './canonical-json.ts';
import { chainHash, sha256Hex } from './digest.ts';
import type { Report } from './frames.ts';

/**
 * Chain hash after a report. A Gap stands for records whose content is gone: it carries the hash of the last of them, so that
 * the chain goes on.
 */
export function chainAfter(report: Pick<Report, 'stream' | 'seq' | 'prevHash' | 'recordId' | 'at' | 'body'>): string {
  if (report.body.type === 'gap') return report.body.lastChain;
  const { stream, seq, recordId, at, body } = report;
  return chainHash(report.prevHash, sha256Hex(canonicalJson({ stream, seq, recordId, at, body })));
}
