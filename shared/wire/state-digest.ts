import { sha256Hex } from './digest.ts';

/** The state slots that both sides know, as one number and one hash. */
export interface StateDigest {
  count: number;
  /** Over every `key|seq`, in key order. */
  digest: string;
}

/** Same slots at the same numbers, same digest; the order in which they are given does not matter. */
export function stateDigest(slots: Iterable<readonly [key: string, seq: number]>): StateDigest {
  const lines = [...slots].map(([key, seq]) => `${key}|${seq}\n`).sort();
  return { count: lines.length, digest: sha256Hex(lines.join('')) };
}
