import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { version } from '#shared/version.ts';

const launcher = path.join(path.dirname(fileURLToPath(import.meta.url)), 'skerry.mjs');
// The system's own Node, where there is one beside the pinned Node that runs this test.
const systemNode = ['/usr/local/bin/node', '/usr/bin/node'].find((file) => existsSync(file));

function launch(node: string, ...args: string[]) {
  return spawnSync(node, [launcher, ...args], { encoding: 'utf8', timeout: 20_000 });
}

test('the launcher runs here and now, without a warning', () => {
  const done = launch(process.execPath, '--version');
  assert.deepEqual([done.status, done.stdout, done.stderr], [0, `${version}\n`, '']);
});

test('exit codes pass through', () => {
  assert.equal(launch(process.execPath, 'site', 'lst').status, 2);
});

test('an older Node hands over to the pinned one', {
  skip: systemNode === undefined && 'no Node of the system',
}, () => {
  const done = launch(systemNode ?? '', '--version');
  assert.deepEqual([done.status, done.stdout, done.stderr], [0, `${version}\n`, '']);
  assert.equal(launch(systemNode ?? '', 'site', 'lst').status, 2);
});
