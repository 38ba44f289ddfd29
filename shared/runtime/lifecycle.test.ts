import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Component } from './component.ts';
import { Lifecycle } from './lifecycle.ts';

function recorded(name: string, log: string[], failure?: Error): Component {
  return {
    async start() {
      if (failure !== undefined) throw failure;
      log.push(`start ${name}`);
    },
    async stop() {
      log.push(`stop ${name}`);
    },
  };
}

test('starts in order, stops in reverse, once', async () => {
  const log: string[] = [];
  const lifecycle = new Lifecycle(['a', 'b', 'c'].map((name) => recorded(name, log)));
  await lifecycle.start();
  await lifecycle.stop();
  await lifecycle.stop();
  assert.deepEqual(log, ['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a']);
});

test('a start that fails stops what had started, and nothing else', async () => {
  const log: string[] = [];
  const failure = new Error('port in use');
  const lifecycle = new Lifecycle([recorded('a', log), recorded('b', log, failure), recorded('c', log)]);
  await assert.rejects(lifecycle.start(), failure);
  assert.deepEqual(log, ['start a', 'stop a']);
});
