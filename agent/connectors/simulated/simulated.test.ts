import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { CallContext, ComputeSpec, DesiredUnit, NetworkSpec } from '#shared/connector/index.ts';
import { type Incarnation, type InfraId, id, type ObjectKey, type OwnerId } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { allocateAddress, isCidr } from './address-pool.ts';
import { isHitBy, parseFaultOrder } from './fault.ts';
import { createMemoryWorldFile, openSimulatedInfra, orderSimulated, type WorldFile } from './index.ts';

const owner = id<OwnerId>('agent-a');
const context: CallContext = { signal: new AbortController().signal, clock: systemClock, log: silentLogger };

function unit(key: string, spec: object, change: Partial<DesiredUnit> = {}): DesiredUnit {
  return {
    key: id<ObjectKey>(key),
    kind: key.split('/')[0] as DesiredUnit['kind'],
    owner,
    incarnation: id<Incarnation>('1-aa'),
    name: key,
    specDigest: JSON.stringify(spec),
    revision: 1,
    dependencies: {},
    spec: spec as JsonObject,
    ...change,
  };
}
const network = (name: string, change: Partial<NetworkSpec> = {}) =>
  unit(`network/${name}`, { name, management: false, ...change });
const compute = (name: string, networks: string[] = [], change: Partial<ComputeSpec> = {}) =>
  unit(`compute/${name}`, {
    name,
    image: { name: 'ubuntu', alternatives: [] },
    vcpus: 1,
    memoryMib: 1024,
    rootDiskGib: 10,
    ports: networks.map((net, index) => ({ name: `p${index}`, networkKey: `network/${net}` })),
    ...change,
  });

function open(settings: JsonObject = {}, worldFile: WorldFile = createMemoryWorldFile(), worldFolder = '') {
  const infra = { infraId: id<InfraId>('infra-1'), name: 'lab', kind: 'simulated', settings };
  const base = { clock: systemClock, random: systemRandom, log: silentLogger, crash: () => {} };
  return openSimulatedInfra({ infra, worldFolder, ...base, ...(worldFolder === '' ? { worldFile } : {}) });
}

describe('the simulated platform', () => {
  test('gives each port an address of its network, unique, and frees it with the unit', async () => {
    const { connector } = await open();
    await connector.ensure(context, network('a', { cidr: '10.1.0.0/24' }));
    await connector.ensure(context, network('mgmt', { management: true }));
    const first = await connector.ensure(context, compute('one', ['a', 'mgmt']));
    const second = await connector.ensure(context, compute('two', ['a', 'mgmt']));
    assert.deepEqual(first.facts.addresses, { p0: ['10.1.0.10'], p1: ['10.250.0.10'] });
    assert.deepEqual(second.facts.addresses, { p0: ['10.1.0.11'], p1: ['10.250.0.11'] });
    await connector.remove(context, compute('one', []));
    assert.deepEqual((await connector.ensure(context, compute('three', ['a']))).facts.addresses, { p0: ['10.1.0.10'] });
  });

  test('refuses what does not fit, and takes it when room appears', async () => {
    const { connector } = await open({ capacity: { vcpus: 2, memoryMib: 4096, storageGib: 100 } });
    await connector.ensure(context, compute('one', [], { vcpus: 2 }));
    await assert.rejects(connector.ensure(context, compute('two')), { code: 'PlatformCapacity' });
    assert.deepEqual((await connector.probe(context)).capacity.used, { vcpus: 2, memoryMib: 1024, storageGib: 10 });
    await connector.remove(context, compute('one'));
    await connector.ensure(context, compute('two'));
  });

  test('refuses at once what races for the last room', async () => {
    const { connector } = await open({ capacity: { vcpus: 1 } });
    const both = await Promise.allSettled([
      connector.ensure(context, compute('one')),
      connector.ensure(context, compute('two')),
    ]);
    assert.deepEqual(both.map((result) => result.status).sort(), ['fulfilled', 'rejected']);
  });

  test('wants what a unit stands on to be there, and images to exist', async () => {
    const { connector } = await open({ images: ['debian'] });
    await assert.rejects(connector.ensure(context, compute('one')), { code: 'PlatformRefused', retry: 'never' });
    const image = { name: 'debian', alternatives: [] };
    await assert.rejects(connector.ensure(context, compute('one', ['none'], { image })), { retry: 'backoff' });
  });

  test('a release has services with addresses and its replicas', async () => {
    const { connector } = await open();
    const spec = { name: 'r', namespace: 'n', chart: 'a/b:1', replicas: { web: 3 }, services: [{ name: 'web' }] };
    const { facts } = await connector.ensure(context, unit('helm-release/r', spec));
    assert.deepEqual(facts['replicas'], { web: 3 });
    assert.deepEqual(facts.addresses, { web: ['10.248.0.10'] });
  });

  test('refuses settings that are wrong, and names them', async () => {
    await assert.rejects(open({ capacity: { vcpus: -1 } }), /capacity\.vcpus/);
    await assert.rejects(open({ latencyMs: 'much' as never, images: [1] }), /images/);
  });
});

describe('ordered faults', () => {
  test('hit the calls that they name, as often as they say, and can be released', async () => {
    const { connector, control } = await open();
    await orderSimulated(control, 'fault', {
      effect: 'fail',
      verb: 'ensure',
      code: 'PlatformAuth',
      times: 2,
      keyPattern: 'compute/*',
    });
    await connector.ensure(context, network('a'));
    for (let call = 0; call < 2; call += 1)
      await assert.rejects(connector.ensure(context, compute('one')), { code: 'PlatformAuth' });
    await connector.ensure(context, compute('one'));
    await orderSimulated(control, 'fault', { effect: 'fail', times: 0 });
    await assert.rejects(connector.observe(context, owner), { code: 'PlatformUnavailable' });
    await orderSimulated(control, 'release', {});
    assert.equal((await connector.observe(context, owner)).length, 2);
  });

  test('are refused when they are not understood', async () => {
    const { control } = await open();
    for (const order of [{}, { effect: 'explode' }, { effect: 'fail', times: -1 }, { effect: 'fail', code: 'Gone' }])
      await assert.rejects(orderSimulated(control, 'fault', order), { code: 'BadRequest' });
    await assert.rejects(orderSimulated(control, 'kill', { key: 'compute/none' }), { code: 'NotFound' });
    await assert.rejects(orderSimulated(control, 'kill', {}), { code: 'BadRequest' });
  });

  test('match keys by pattern and nothing else', () => {
    const fault = { ...parseFaultOrder({ effect: 'fail', keyPattern: 'compute/a*z' }), faultId: 'f' };
    assert.equal(isHitBy(fault, { verb: 'ensure', key: 'compute/abz' }), true);
    assert.equal(isHitBy(fault, { verb: 'ensure', key: 'compute/ab' }), false);
    assert.equal(isHitBy(fault, { verb: 'probe' }), false);
    const literal = { ...parseFaultOrder({ effect: 'fail', keyPattern: 'a.c' }), faultId: 'f' };
    assert.equal(isHitBy(literal, { verb: 'ensure', key: 'abc' }), false);
  });
});

describe('the world on disk', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'skerry-world-'));
  });
  after(() => rm(folder, { recursive: true }));

  test('outlives its process with exact counts, and drops a line that was torn', async () => {
    const first = await open({}, undefined, folder);
    await first.connector.ensure(context, compute('one'));
    await first.connector.ensure(context, compute('two'));
    await first.connector.remove(context, compute('two'));
    await orderSimulated(first.control, 'fault', { effect: 'slow', delayMs: 1, times: 3 });
    const before = JSON.parse(JSON.stringify(first.control.world()));
    // No close: the process is killed here, in the middle of a line.
    const log = path.join(folder, 'infra-1.effects.jsonl');
    await appendFile(log, '{"at":1,"type":"remove","key":"compute/one"');
    const second = await open({}, undefined, folder);
    assert.deepEqual(second.control.world(), before);
    assert.deepEqual(second.control.world().effects['compute/two#1-aa'], {
      creates: 1,
      updates: 0,
      removes: 1,
      acts: 0,
    });
    await second.connector.ensure(context, compute('three'));
    const lines = (await readFile(log, 'utf8')).trim().split('\n');
    assert.ok(lines.every((line) => JSON.parse(line)));
    await second.connector.close();
    await first.connector.close();
  });
});

test('addresses are inside their subnet, never taken twice, and end', () => {
  fc.assert(
    fc.property(fc.integer({ min: 24, max: 30 }), fc.integer({ min: 0, max: 255 }), (prefix, third) => {
      const cidr = `10.7.${third}.0/${prefix}`;
      assert.ok(isCidr(cidr));
      const taken = new Set<string>();
      for (let count = 0; count < 5; count += 1) {
        try {
          const address = allocateAddress(cidr, taken);
          assert.ok(address.startsWith(`10.7.${third}.`) && !taken.has(address));
          taken.add(address);
        } catch (error) {
          assert.match(String(error), /No address is free/);
          assert.ok(prefix > 26);
          return;
        }
      }
    }),
  );
});
