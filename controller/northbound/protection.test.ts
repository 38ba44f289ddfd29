import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import Fastify from 'fastify';
import { silentLogger, systemClock } from '#shared/runtime/index.ts';
import type { NorthboundApp } from './plugin.ts';
import { createErrorHandler } from './problem.ts';
import { registerProtection, securityHeaders } from './protection.ts';

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

test('every answer has the security headers, and an address beyond its limit is refused', async (t) => {
  const app = Fastify() as unknown as NorthboundApp;
  t.after(() => app.close());
  app.setErrorHandler(createErrorHandler(silentLogger));
  let at = 0;
  await registerProtection(app, { ...systemClock, mono: () => at }, 2);
  app.get('/', async () => ({}));
  for (const url of ['/', '/nowhere']) {
    const { headers } = await app.inject({ url });
    for (const [name, value] of Object.entries(securityHeaders)) assert.equal(headers[name], value, `${url} ${name}`);
  }
  const ask = async (remoteAddress: string) => (await app.inject({ url: '/', remoteAddress })).statusCode;
  assert.deepEqual([await ask('192.0.2.1'), await ask('192.0.2.1'), await ask('192.0.2.1')], [200, 200, 429]);
  assert.equal(await ask('192.0.2.2'), 200);
  at += 60_000;
  assert.equal(await ask('192.0.2.1'), 200);
});
