import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Rig } from './rig.ts';
import { edgeService, keysOf, onSite, singleVm, vnfOf } from './service.ts';

test('after a power cut', { concurrency: true }, async (t) => {
  const sites = ['dark', 'damaged', 'erased'];
  const rig = await Rig.start(t, { sites });
  await t.test("a damaged store is mended, its agent's life begins anew, nothing is deleted", () => damagedStore(rig));
  await t.test('a store that is gone is filled again from the controller; nothing is made twice', () => lostStore(rig));
  await t.test('an agent starts cold without its controller and mends its site', () => coldStart(rig));
  await t.test('a controller that comes back finds its sessions, operations and tokens', () => controllerRestart(rig));
});

/** Bytes on the disk turn while the agent is down. */
async function damagedStore(rig: Rig): Promise<void> {
  const site = rig.site('damaged');
  const id = await rig.newNs('edge_service_ns', 'damaged', onSite('damaged'));
  const before = site.effects().entries.length;
  await site.agent.stop();
  flipBytes(path.join(site.home, 'store'));
  await site.start();
  const status = await site.local.status();
  assert.equal(status.store.opened, 'repaired', status.store.damage.join('; '));
  assert.ok(status.store.damage.length > 0);
  await rig.connected('damaged');
  await site.standing(edgeService.instantiated);
  assert.equal(site.effects().entries.length, before, 'neither made nor deleted anything');
  await rig.completed(await rig.api.terminateNs(id, {}));
  assert.deepEqual(site.effects().kinds(), {});
  site.effects().assertExact();
}

/** The whole store is gone, its identity is not: a new life that knows nothing of what stands. */
async function lostStore(rig: Rig): Promise<void> {
  const site = rig.site('erased');
  const id = await rig.newNs('single_vm_ns', 'erased', onSite('erased'));
  const before = site.effects().entries.length;
  await site.agent.kill();
  rmSync(path.join(site.home, 'store'), { recursive: true });
  await site.start();
  await rig.connected('erased');
  await site.standing(singleVm);
  const created = site.effects().entries.slice(before);
  assert.deepEqual(
    created.filter((entry) => entry.type !== 'update').map((entry) => entry.type),
    [],
    'what stands is found again, not made again',
  );
  await rig.completed(await rig.api.terminateNs(id, {}));
  assert.deepEqual(site.effects().kinds(), {});
}

/** Agent, controller and a machine die together; the agent comes back alone. */
async function coldStart(rig: Rig): Promise<void> {
  const site = rig.site('dark');
  const id = await rig.newNs('edge_service_ns', 'dark', onSite('dark'));
  const [dead = ''] = keysOf(vnfOf(await rig.ns(id), 'router'));
  const deleted = site.effects().keys('helm-release')[0] ?? '';
  await rig.controller.kill();
  // The platform loses two of its units at the last moment: the agent dies before it can do anything about it.
  await site.order('fault', { effect: 'hang', verb: 'ensure', times: 0 });
  await site.order('fault', { effect: 'hang', verb: 'remove', times: 0 });
  await site.order('kill', { key: dead });
  await site.order('delete', { key: deleted });
  await site.agent.kill();
  await site.start();
  await site.order('release');
  const effects = await site.standing(edgeService.instantiated);
  effects.assertExact(
    new Map([
      [dead, 1],
      [deleted, 1],
    ]),
  );
  await rig.startController();
  await rig.connected('dark');
  await rig.until('what the site did alone is known', async () => {
    const units = (await rig.ns(id)).vnfInstance?.flatMap((vnf) => vnf._skerry?.units ?? []) ?? [];
    return units.every((unit) => unit.ready && unit.fresh) ? true : undefined;
  });
}

async function controllerRestart(rig: Rig): Promise<void> {
  const site = rig.site('erased');
  const epochs = async () => (await rig.api.agents()).map((agent) => ({ id: agent.id, storeId: agent.storeId }));
  const before = await epochs();
  await site.order('fault', { effect: 'hang', verb: 'ensure', kind: 'compute', times: 0 });
  const id = await rig.createNs('single_vm_ns', 'resumed');
  const operationId = await rig.api.instantiateNs(id, onSite('erased'));
  await site.until('the call hangs', async () => {
    const journal = await site.local.journal();
    return journal.some((entry) => entry.current?.status === 'logged' || entry.kind === 'compute') ? true : undefined;
  });
  await rig.controller.kill();
  await rig.startController();
  for (const name of rig.sites.keys()) await rig.connected(name);
  assert.deepEqual(await epochs(), before, 'the agents keep their stores');
  assert.equal((await rig.api.operation(operationId)).operationState, 'PROCESSING');
  await site.order('release');
  await rig.completed(operationId);
  const effects = await site.standing(singleVm);
  for (const [name, count] of effects.creates) assert.equal(count, 1, name);
  // In order, too: SIGTERM, and again.
  await rig.controller.stop();
  await rig.startController();
  await rig.connected('erased');
  assert.equal((await rig.ns(id)).nsState, 'INSTANTIATED');
}

/** Turns some bytes in the largest data file of a level store. */
function flipBytes(folder: string): void {
  const files = dataFilesIn(folder);
  const largest = files.sort((a, b) => statSync(b).size - statSync(a).size)[0];
  if (largest === undefined) throw new Error(`no data file in ${folder}`);
  const bytes = readFileSync(largest);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 0x55;
  writeFileSync(largest, bytes);
}

function dataFilesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ldb|log)$/.test(name))
    .map((name) => path.join(folder, name));
}
