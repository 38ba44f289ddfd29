import { readFile } from 'node:fs/promises';
import { startBareProcess } from './bare-process.ts';

/** VmRSS of a process, MiB. */
export async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** Of a Node that does nothing. */
export async function bareNodeMib(): Promise<number> {
  const bare = await startBareProcess('bare-node.ts', {});
  const mib = await residentMib(bare.pid);
  await bare.stop();
  return mib;
}
