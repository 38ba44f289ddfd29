import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveLines, progressBar } from './live-lines.ts';
import { testContext } from './testing/test-context.ts';

test('on a terminal lines are redrawn in place, elsewhere each change is a line', () => {
  const terminal = testContext('/', {}, '', true);
  const drawn = new LiveLines(terminal);
  drawn.set('site-a', 'starting');
  drawn.set('controller', 'serves');
  assert.equal(
    terminal.errText,
    '\u001b[2Ksite-a  starting\n\u001b[1A\u001b[2Ksite-a      starting\n\u001b[2Kcontroller  serves\n',
  );
  const log = testContext('/');
  const plain = new LiveLines(log, 'out');
  plain.set('site-a', 'starting');
  plain.set('site-a', 'starting');
  plain.set('site-a', 'ready');
  assert.equal(log.outText, 'site-a  starting\nsite-a  ready\n');
});

test('after finish, what was drawn stays', () => {
  const terminal = testContext('/', {}, '', true);
  const lines = new LiveLines(terminal);
  lines.set('a', '1');
  lines.finish();
  terminal.errText = '';
  lines.set('a', '1');
  assert.equal(terminal.errText, '\u001b[2Ka  1\n');
});

test('a bar shows its share, also of nothing', () => {
  assert.equal(progressBar(1, 4, 8), '[##------] 1/4');
  assert.equal(progressBar(0, 0, 4), '[####] 0/0');
});
