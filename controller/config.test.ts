import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { isLoopback } from '#shared/runtime/loopback.ts';
import { readControllerConfig } from './config.ts';

test('defaults listen on loopback, with TLS, on the documented ports', () => {
  const config = readControllerConfig({});
  assert.equal(config.home, '/var/lib/skerry');
  assert.ok(isLoopback(config.host));
  assert.equal(config.isPlainHttp, false);
  const { northboundPort, syncPort, enrollPort, mqttPort } = config;
  assert.deepEqual([northboundPort, syncPort, enrollPort, mqttPort], [9999, 9990, 9991, 9992]);
  assert.equal(config.adminPassword, undefined);
});

test('plain HTTP is refused anywhere but on loopback', () => {
  assert.equal(readControllerConfig({ SKERRY_PLAIN_HTTP: '1' }).isPlainHttp, true);
  for (const host of ['0.0.0.0', '192.0.2.1', 'example.net', '::'])
    assert.throws(() => readControllerConfig({ SKERRY_PLAIN_HTTP: '1', SKERRY_HOST: host }), /plain HTTP|PLAIN_HTTP/i);
});

test('a port that is none is named', () => {
  for (const port of ['x', '-1', '65536', '1.5'])
    assert.throws(() => readControllerConfig({ SKERRY_SYNC_PORT: port }), /SKERRY_SYNC_PORT/);
  assert.throws(() => readControllerConfig({ SKERRY_LOG_LEVEL: 'loud' }), /loud is no log level/);
});

test('the password comes from a file, without its line end', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'skerry-config-'));
  try {
    writeFileSync(path.join(folder, 'password'), 'a good one\n');
    const config = readControllerConfig({ SKERRY_ADMIN_PASSWORD_FILE: path.join(folder, 'password') });
    assert.equal(config.adminPassword, 'a good one');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
