import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { bareStartMs } from '../bare-limits.ts';
import type { Bench } from '../bench.ts';
import { measured } from '../measurement.ts';
import { projectFolder } from '../testbed.ts';

export const start: Bench = {
  name: 'start',
  title: 'npm start in an empty folder: to a service that is INSTANTIATED on three sites',
  run: async (context) => {
    const saidMs: number[] = [];
    for (let n = 0; n < context.count(5, 1); n++) saidMs.push(await startOnce());
    return [
      measured({
        what: 'npm start to INSTANTIATED',
        samples: saidMs,
        bare: { what: 'an empty Node', samples: await bareStartMs(5) },
        goals: [{ of: 'worst', atMost: 5000 }],
        note: 'as its last line says; the simulated infras of the demo take 150 to 250 ms to boot a machine',
      }),
    ];
  },
};

async function startOnce(): Promise<number> {
  const home = await mkdtemp(path.join(tmpdir(), 'skerry-bench-'));
  const child = spawn('npm', ['start', '--silent', '--', '--until-ready'], {
    cwd: projectFolder,
    env: { ...process.env, SKERRY_HOME: home, SKERRY_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const output = await text(child.stdout);
  await ended;
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
  const seconds = /INSTANTIATED .* in ([\d.]+) s/.exec(output.trim().split('\n').at(-1) ?? '')?.[1];
  if (seconds === undefined) throw new Error(`npm start did not come up: ${output.slice(-500)}`);
  return Number(seconds) * 1000;
}
