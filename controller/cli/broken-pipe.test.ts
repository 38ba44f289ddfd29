import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('a reader that goes away early ends the command without a stack trace', async () => {
  const command = fileURLToPath(new URL('./skerry.mjs', import.meta.url));
  const child = spawn(process.execPath, [command, 'completion', 'bash'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint += String(chunk);
  });
  const [code] = await once(child, 'close');
  assert.deepEqual([code, complaint], [0, '']);
});
