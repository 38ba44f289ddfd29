import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { projectFolder } from './testbed.ts';

export interface HttpLoad {
  url: string;
  headers: Record<string, string>;
  connections: number;
  seconds: number;
}

/** Requests per second that autocannon, in a process of its own, gets answered. @throws when an answer is no success */
export async function requestsPerSecond(load: HttpLoad): Promise<number> {
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
  return result['2xx'] / (result.duration ?? load.seconds);
}
