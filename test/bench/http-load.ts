import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { projectFolder } from './testbed.ts';

export interface HttpLoad {
  url: string;
  headers: Record<string, string>;
  connections: number;
  seconds: number;
}

export interface HttpRate {
  perSecond: number;
  /** Per second of processor time of the server: what another process on the machine does hardly touches it. */
  perProcessorSecond: number;
}

/** Requests that autocannon, in a process of its own, gets answered by the process `pid`. @throws when one is no success */
export async function requestRate(load: HttpLoad, pid: number): Promise<HttpRate> {
  const before = await processorSeconds(pid);
  const { answered, seconds } = await runLoad(load);
  return { perSecond: answered / seconds, perProcessorSecond: answered / ((await processorSeconds(pid)) - before) };
}

/** User and system time, in clock ticks of 10 ms (proc(5)). */
async function processorSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function runLoad(load: HttpLoad): Promise<{ answered: number; seconds: number }> {
  const program = path.join(projectFolder, 'node_modules', 'autocannon', 'autocannon.js');
  const headers = Object.entries(load.headers).flatMap(([name, value]) => ['-H', `${name}=${value}`]);
  const shape = ['-j', '-n', '-c', String(load.connections), '-d', String(load.seconds)];
  const child = spawn(process.execPath, [program, ...shape, ...headers, load.url], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  const [output, complaint] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await ended;
  const result = JSON.parse(output || '{}') as { '2xx'?: number; non2xx?: number; errors?: number; duration?: number };
  if (!result['2xx'] || result.non2xx || result.errors) throw new Error(`the load on ${load.url} failed: ${complaint}`);
  return { answered: result['2xx'], seconds: result.duration ?? load.seconds };
}
