import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import Fastify from 'fastify';
import { systemClock } from '#shared/runtime/index.ts';
import type { NorthboundApp } from './plugin.ts';
import { registerProtection } from './protection.ts';

test('a start that keeps the machine busy is no overload', async (t) => {
  const app = Fastify() as unknown as NorthboundApp;
  t.after(() => app.close());
  await registerProtection(app, systemClock);
  app.get('/', async () => ({}));
  const end = performance.now() + 1100;
  while (performance.now() < end);
  await app.listen({ host: '127.0.0.1', port: 0 });
  for (let turn = 0; turn < 10; turn++) {
    await pause(5);
    assert.equal((await app.inject({ url: '/' })).statusCode, 200);
  }
});
