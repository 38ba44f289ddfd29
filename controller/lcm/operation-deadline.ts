import type { NsDesired, NsLcmOperationType } from '#shared/model/ns-lcm.ts';
import type { LcmContext } from './lcm-context.ts';

/** What an agent needs beside a KDU's own time: to fetch, to apply, to tell. */
const marginMs = 120_000;

/**
 * Epoch ms; 0: none. A KDU that does not become ready in its time is rolled back by its site, which may take as long again: the
 * operation waits for both, so that it ends with what the site has to say.
 */
export function deadlineOf(
  { policy, clock }: Pick<LcmContext, 'policy' | 'clock'>,
  type: NsLcmOperationType,
  ...states: readonly (NsDesired | null | undefined)[]
): number {
  const limitMs = policy.deadlinesMs[type];
  if (limitMs === 0) return 0;
  const kdus = states.flatMap((desired) => desired?.vnfs ?? []).flatMap((vnf) => vnf.kdus);
  const timeoutS = Math.max(0, ...kdus.map((kdu) => kdu.revisions?.[0]?.timeoutS ?? 0));
  return clock.now() + Math.max(limitMs, timeoutS === 0 ? 0 : 2 * timeoutS * 1000 + marginMs);
}
