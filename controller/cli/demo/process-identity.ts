import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type Clock, delay } from '#shared/runtime/index.ts';

/** A process by more than its number: numbers are used again, a number with its start time is not. */
export interface ProcessIdentity {
  pid: number;
  /** As the operating system tells it; opaque. */
  startedAt: string;
}

/** Undefined when there is no such process (or only its remains). */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startedAt === identity.startedAt;
}

/** Ends a process that an earlier run left behind: asks, and after the grace insists. */
export async function endProcess(identity: ProcessIdentity, clock: Clock, graceMs = 5000): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isAlive(identity)) return;
    try {
      process.kill(identity.pid, signal);
    } catch {
      return;
    }
    const end = clock.mono() + graceMs;
    // The system tells only the parent when a process ends, and we are not its parent: look again now and then.
    while (isAlive(identity) && clock.mono() < end) await delay(clock, 50);
  }
}

function startFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in parentheses and may hold anything; count from its end (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function startFromPs(pid: number): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}
