import type { Welcome } from '#shared/wire/frames.ts';
import type { AckedPosition } from '../report/index.ts';

/** What a Welcome means for this agent. */
export type WelcomeCheck = { kind: 'go' } | { kind: 'rebirth'; reason: string } | { kind: 'refuse'; reason: string };

/** Pure. `judge` compares the acknowledged positions with the own chains; only the agent can. */
export function checkWelcome(
  own: { agentId: string; storeId: string; lineage: string; term: number; lastEpoch: number; nonce: string },
  welcome: Welcome,
  judge: (acked: Record<'results' | 'decisions' | 'alarms', AckedPosition>) => 'ok' | 'mismatch',
): WelcomeCheck {
  if (welcome.nonce !== own.nonce) return { kind: 'refuse', reason: 'the Welcome answers another Hello' };
  if (welcome.agentId !== own.agentId || welcome.storeId !== own.storeId)
    return { kind: 'refuse', reason: 'the Welcome is for another agent or store' };
  if (own.lineage !== '' && welcome.lineage !== own.lineage)
    return { kind: 'refuse', reason: `the controller follows lineage ${welcome.lineage}, this agent ${own.lineage}` };
  if (welcome.term < own.term)
    return {
      kind: 'refuse',
      reason: `the controller is at term ${welcome.term}, ${own.term} was seen: it was deposed`,
    };
  if (welcome.sessionEpoch <= own.lastEpoch)
    return { kind: 'refuse', reason: `epoch ${welcome.sessionEpoch} is not above ${own.lastEpoch}` };
  if (welcome.rebirth) return { kind: 'rebirth', reason: 'the controller knows newer records of this store' };
  if (judge(welcome.acked) === 'mismatch')
    return { kind: 'rebirth', reason: 'the controller acknowledged records that this store does not have' };
  return { kind: 'go' };
}
