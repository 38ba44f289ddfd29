import { canonicalJson } from '#shared/wire/canonical-json.ts';
import type { AgentState, InfraState, StateBody } from '#shared/wire/frames.ts';

/** A change below the threshold is sent at most this often. */
export const smallChangeIntervalMs = 300_000;
const sizeStep = 0.1;

/** Is the new value of a slot worth a record now? `elapsedMs`: since the present one was made, by the wall clock. */
export function isWorthReporting(present: StateBody | null, next: StateBody | null, elapsedMs: number): boolean {
  if (canonicalJson(present) === canonicalJson(next)) return false;
  if (present === null || next === null || present.type !== next.type) return true;
  if (elapsedMs >= smallChangeIntervalMs || elapsedMs < 0) return true;
  if (present.type === 'agent' && next.type === 'agent') return isAgentChange(present, next);
  if (present.type === 'infra' && next.type === 'infra') return isInfraChange(present, next);
  return true;
}

/** The processor's load swings from minute to minute on any busy node: telemetry follows it, here it is a small change. */
function isAgentChange(present: AgentState, next: AgentState): boolean {
  const [a, b] = [present.host, next.host];
  return (
    present.appliedGeneration !== next.appliedGeneration ||
    present.deletionsHeld !== next.deletionsHeld ||
    a.hostname !== b.hostname ||
    canonicalJson(a.machine) !== canonicalJson(b.machine) ||
    a.cpuCount !== b.cpuCount ||
    a.memoryTotalMib !== b.memoryTotalMib ||
    Math.abs(a.diskTotalGib - b.diskTotalGib) >= 1 ||
    b.uptimeS < a.uptimeS ||
    isFarApart(a.memoryFreeMib, b.memoryFreeMib, a.memoryTotalMib) ||
    isFarApart(a.diskFreeGib, b.diskFreeGib, a.diskTotalGib)
  );
}

/** Capacity is what placement counts with: any change of it counts, only words of the message do not. */
function isInfraChange(present: InfraState, next: InfraState): boolean {
  const withoutWords = (state: InfraState) =>
    canonicalJson({ ...state, message: '', facts: state.facts && { ...state.facts, message: '' } });
  return withoutWords(present) !== withoutWords(next);
}

function isFarApart(a: number, b: number, total: number): boolean {
  return Math.abs(a - b) >= Math.max(1, total * sizeStep);
}
