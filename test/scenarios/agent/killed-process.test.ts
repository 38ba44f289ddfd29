import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { WorldSnapshot } from '#agent/connectors/index.ts';

const script = path.join(import.meta.dirname, 'site-process.ts');

function run(...args: string[]): Promise<{ signal: NodeJS.Signals | null; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', (_code, signal) => resolve({ signal, text }));
  });
}

for (const [point, counts] of [
  ['before-call', { '2': 1 }],
  ['after-call-before-return', { '1': 1 }],
] as const)
  test(`a process that is killed ${point} of a create makes it once, in its next life`, async () => {
    const home = await mkdtemp(path.join(os.tmpdir(), 'skerry-killed-'));
    try {
      assert.equal((await run(home, 'ensure', point)).signal, 'SIGKILL');
      const world = JSON.parse((await run(home)).text) as WorldSnapshot;
      assert.deepEqual(world.units.map((unit) => unit.key).sort(), ['compute/vm', 'network/lan']);
      const created = Object.entries(world.effects).filter(([name]) => name.startsWith('compute/vm#'));
      const byOrdinal = created.map(([name, { creates }]) => [name.split('#')[1]?.split('-')[0], creates]);
      assert.deepEqual(Object.fromEntries(byOrdinal), counts);
    } finally {
      await rm(home, { recursive: true });
    }
  });
