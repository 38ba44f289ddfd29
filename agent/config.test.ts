import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAgentConfig } from './config.ts';

test('the socket lies in the home unless told; a join token is trimmed', () => {
  const config = readAgentConfig({ SKERRY_HOME: '/srv/agent', SKERRY_JOIN_TOKEN: ' skerry1.x\n' });
  assert.equal(config.socketPath, '/srv/agent/agent.sock');
  assert.equal(config.joinToken, 'skerry1.x');
  assert.equal(config.telemetryIntervalMs, 300_000);
  assert.equal(readAgentConfig({ SKERRY_AGENT_SOCKET: '/run/a.sock' }).socketPath, '/run/a.sock');
});

test('a token file that is gone is no token: the agent is enrolled already', () => {
  assert.equal(readAgentConfig({ SKERRY_JOIN_TOKEN_FILE: '/nowhere/token' }).joinToken, undefined);
});

test('an interval that is none is named', () => {
  for (const text of ['soon', '0', '-5'])
    assert.throws(() => readAgentConfig({ SKERRY_TELEMETRY_INTERVAL_MS: text }), /SKERRY_TELEMETRY_INTERVAL_MS/);
});
