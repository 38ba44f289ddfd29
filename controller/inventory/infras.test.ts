import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import { isSkerryError } from '#shared/errors/index.ts';
import { type AgentId, type InfraId, id } from '#shared/model/ids.ts';
import type { Agent } from '#shared/model/inventory.ts';
import type { JsonObject } from '#shared/model/json.ts';
import { openSettings } from '#shared/seal/index.ts';
import type { InfraObject } from '#shared/wire/frames.ts';
import { Fleet, request } from '#test/scenarios/lcm/fleet.ts';
import { keys } from '../keys.ts';
import { infraKey } from './infras.ts';

const agentId = id<AgentId>('agent-site-a');
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const privateKeyPem = () => privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const name = 'cluster';
let fleet: Fleet;
beforeEach(async () => {
  fleet = await Fleet.open({ sites: ['site-a'] });
});
afterEach(() => fleet.stop());

async function showKey(): Promise<void> {
  const entry = await fleet.store.get<Agent>(keys.agent(agentId));
  const spki = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  await fleet.store.commit([{ key: keys.agent(agentId), value: { ...entry!.value, publicKey: spki } }]);
}
async function add(settings: JsonObject) {
  return await fleet.room.inventory.createInfra(request, { name, agentId, kind: 'kubernetes', settings });
}
async function given(infraId: InfraId) {
  const object = await fleet.book.object(agentId, infraKey(infraId));
  const { settings } = object!.body as InfraObject;
  return {
    revision: object!.revision,
    settings,
    opened: await openSettings(settings, { agentId, infraId, privateKeyPem }),
  };
}
/** All that the controller keeps. */
async function stored(): Promise<string> {
  return JSON.stringify(await fleet.store.range({ prefix: '' }));
}

test('nothing is sealed to an agent whose key is not known; what is no secret needs none', async () => {
  await assert.rejects(add({ kubeconfig: 'hunter2' }), (error) => {
    assert.ok(isSkerryError(error) && error.code === 'Conflict');
    assert.match(`${error.message} ${error.remedy}`, /agent-site-a is not known yet.*connect once/);
    return true;
  });
  assert.doesNotMatch(await stored(), /hunter2/);
  await add({ kubeconfigFile: '/etc/skerry/kubeconfig' });
});

test('the store and the intent hold secrets sealed, and only for this agent and infra', async () => {
  await showKey();
  const { id: infraId } = await add({ kubeconfig: 'hunter2', context: 'c' });
  assert.doesNotMatch(await stored(), /hunter2/);
  const { settings, opened } = await given(infraId);
  assert.deepEqual(opened, { kubeconfig: 'hunter2', context: 'c' });
  const other = { agentId, infraId: id<InfraId>('other'), privateKeyPem };
  await assert.rejects(openSettings(settings, other), /another infra/);
});

test('changed settings are merged, sealed and become a new revision; labels and schedulable do not', async () => {
  await showKey();
  const { inventory, sink } = fleet.room;
  const { id: infraId } = await add({ kubeconfig: 'hunter2', context: 'c', namespaces: ['a'] });
  const before = await given(infraId);
  await inventory.updateInfra(request, infraId, { labels: { region: 'north', old: 'x' } });
  await inventory.updateInfra(request, infraId, { labels: { old: null }, schedulable: false });
  const labelled = await inventory.infra(name);
  assert.deepEqual([labelled.labels, labelled.schedulable], [{ region: 'north' }, false]);
  assert.deepEqual([await given(infraId), labelled.revision], [before, before.revision]);
  await inventory.updateInfra(request, infraId, { settings: { kubeconfig: 'swordfish', context: null } });
  const after = await given(infraId);
  assert.deepEqual(after.opened, { kubeconfig: 'swordfish', namespaces: ['a'] });
  assert.ok(after.revision > before.revision);
  assert.equal((await inventory.infra(name)).revision, after.revision);
  assert.doesNotMatch(await stored(), /hunter2|swordfish/);
  await inventory.updateInfra(request, infraId, { settings: { namespaces: ['a'] } });
  assert.equal((await inventory.infra(name)).revision, after.revision, 'the same again is no change');
  const body = { type: 'infra', infraId, facts: null, message: 'no', revision: after.revision } as const;
  const state = { key: infraKey(infraId), seq: 1, at: 0, body };
  await fleet.store.commit(await sink.apply(agentId, 'store-1', [], [state]));
  const { status } = await inventory.infra(name);
  assert.deepEqual([status.message, status.revision], ['no', after.revision]);
});

test('a placeholder never replaces a secret', async () => {
  await showKey();
  const { id: infraId } = await add({ kubeconfig: 'hunter2' });
  const patch = { settings: { kubeconfig: '(hidden)' } };
  await assert.rejects(fleet.room.inventory.updateInfra(request, infraId, patch), /placeholder/);
  assert.deepEqual((await given(infraId)).opened, { kubeconfig: 'hunter2' });
});
