import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { completionScript, completionWords } from './completion.ts';
import { buildProgram } from './program.ts';
import { testContext } from './testing/test-context.ts';

const program = buildProgram({ context: testContext('/'), exit() {} });

/** What bash offers for a line; the last word is the one being typed. */
function complete(...line: string[]): string[] {
  const script = `${completionScript(program, 'bash')}
COMP_WORDS=(${line.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${line.length - 1}
_skerry_complete; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n').filter(Boolean);
}

test('every command of the tree has its words', () => {
  const words = completionWords(program);
  assert.ok(words.get('skerry')?.includes('ns'));
  assert.ok(words.get('skerry ns instantiate')?.includes('--place'));
  assert.deepEqual(words.get('skerry ns list --output'), ['table', 'json', 'yaml']);
  for (const path of ['site', 'agent', 'infra', 'package', 'ns', 'op', 'demo', 'completion', 'login', 'token'])
    assert.ok(words.has(`skerry ${path}`), path);
});

test('bash offers commands, subcommands, options and choices', () => {
  assert.deepEqual(complete('skerry', 'pa'), ['package']);
  assert.deepEqual(complete('skerry', 'op', 're'), ['retry']);
  assert.deepEqual(complete('skerry', 'ns', 'scale', 'shop', '--ste'), ['--steps']);
  assert.deepEqual(complete('skerry', 'ns', 'list', '-o', 'j'), ['json']);
  assert.deepEqual(complete('skerry', 'ns', 'list', '--output', 'y'), ['yaml']);
});

test('zsh reads the same script through its bash mode', () => {
  assert.match(completionScript(program, 'zsh'), /^autoload -Uz bashcompinit/);
});
