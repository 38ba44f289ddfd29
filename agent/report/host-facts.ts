import { readFile, statfs } from 'node:fs/promises';
import os from 'node:os';
import type { AgentState } from '#shared/wire/frames.ts';

export type HostFacts = AgentState['host'];

const gib = 2 ** 30;
const mib = 2 ** 20;

/** Busy and idle time of all processors since boot, in any unit. */
export interface ProcessorTimes {
  busy: number;
  idle: number;
}

/** Facts that cost next to nothing: /proc and statfs; systeminformation where there is no /proc. */
export function createHostFacts(folder: string): () => Promise<HostFacts> {
  let last: ProcessorTimes | undefined;
  return async () => {
    const [times, memoryFreeMib, disk] = await Promise.all([processorTimes(), freeMemoryMib(), statfs(folder)]);
    const loadPercent = loadBetween(last ?? { busy: 0, idle: 0 }, times);
    last = times;
    return {
      hostname: os.hostname(),
      cpuCount: os.availableParallelism(),
      loadPercent,
      memoryTotalMib: Math.round(os.totalmem() / mib),
      memoryFreeMib,
      diskTotalGib: Math.round((disk.blocks * disk.bsize) / gib),
      diskFreeGib: Math.round((disk.bavail * disk.bsize) / gib),
      uptimeS: Math.round(os.uptime()),
    };
  };
}

/** Percent, 0 to 100. Pure. */
export function loadBetween(before: ProcessorTimes, after: ProcessorTimes): number {
  const busy = after.busy - before.busy;
  const all = busy + after.idle - before.idle;
  return all <= 0 ? 0 : Math.min(100, Math.max(0, Math.round((busy / all) * 100)));
}

/** First line of /proc/stat: user nice system idle iowait irq softirq steal. Pure; undefined for anything else. */
export function parseProcStat(text: string): ProcessorTimes | undefined {
  const match = /^cpu\s+(.+)$/m.exec(text);
  if (match === null) return undefined;
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, steal = 0] = (match[1] ?? '')
    .split(/\s+/)
    .map(Number);
  return { busy: user + nice + system + irq + soft + steal, idle: idle + wait };
}

/** `MemAvailable` of /proc/meminfo, MiB: what can be had without swapping. Pure. */
export function parseMemInfo(text: string): number | undefined {
  const match = /^MemAvailable:\s+(\d+) kB$/m.exec(text);
  return match === null ? undefined : Math.round(Number(match[1]) / 1024);
}

async function processorTimes(): Promise<ProcessorTimes> {
  const parsed = parseProcStat(await readFile('/proc/stat', 'utf8').catch(() => ''));
  if (parsed !== undefined) return parsed;
  const { currentLoad } = await import('systeminformation');
  const { rawCurrentLoad, rawCurrentLoadIdle } = await currentLoad();
  return { busy: rawCurrentLoad - rawCurrentLoadIdle, idle: rawCurrentLoadIdle };
}

async function freeMemoryMib(): Promise<number> {
  const parsed = parseMemInfo(await readFile('/proc/meminfo', 'utf8').catch(() => ''));
  if (parsed !== undefined) return parsed;
  const { mem } = await import('systeminformation');
  return Math.round((await mem()).available / mib);
}
