import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type { CallContext } from '#shared/connector/index.ts';
import { type AgentId, type InfraId, id } from '#shared/model/ids.ts';
import { SeededRandom, silentLogger, VirtualClock } from '#shared/runtime/index.ts';
import { openSettings, sealSettings } from '#shared/seal/index.ts';
import { createConnectorRegistry } from './index.ts';
import { createMemoryWorldFile } from './simulated/world-file.ts';

test('a connector gets settings that were opened just before it; what cannot be opened opens nothing', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const agentId = id<AgentId>('agent-1');
  const infraId = id<InfraId>('infra-1');
  const privateKeyPem = () => privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const clock = new VirtualClock();
  const registry = createConnectorRegistry({
    home: '/nowhere',
    clock,
    random: new SeededRandom(1),
    log: silentLogger,
    worldFileOf: createMemoryWorldFile,
    // The simulated connector has no secrets of its own: it shows its zones.
    openSecrets: async (infra) => {
      const opened = await openSettings(infra.settings, { agentId, infraId: infra.infraId, privateKeyPem });
      return { zones: opened['token'] };
    },
  });
  const spki = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const settings = await sealSettings({ token: ['hunter2'] }, { agentId, infraId, publicKey: spki });
  const infra = { infraId, name: 'sim', kind: 'simulated', settings };
  const connector = await registry.open(infra);
  const call: CallContext = { signal: new AbortController().signal, clock, log: silentLogger };
  assert.deepEqual((await connector.probe(call)).zones, ['hunter2']);
  await connector.close();
  const elsewhere = registry.open({ ...infra, infraId: id<InfraId>('infra-2') });
  await assert.rejects(elsewhere, (error: { code?: string }) => error.code === 'PlatformAuth');
});
