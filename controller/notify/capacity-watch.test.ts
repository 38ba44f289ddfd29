import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SkerryError } from '#shared/errors/index.ts';
import { silentLogger, VirtualClock } from '#shared/runtime/index.ts';
import { createMemoryStore, type Store } from '#shared/store/index.ts';
import { keys } from '../keys.ts';
import { CapacityWatch } from './capacity-watch.ts';
import type { NotificationEvent } from './notifier.ts';
import type { StoredSubscription } from './stored-subscription.ts';

const threshold = {
  id: 't1',
  api: 'nfvici',
  projectId: 'p1',
  filter: {
    objectInstanceId: 'vim',
    criteria: {
      capacityMetric: {
        resourceType: 'VR_COMPUTE',
        capacityMeasurementName: 'VcpuCapacity',
        capacityType: 'AVAILABLE',
      },
      simpleThresholdDetails: [{ thresholdValue: 4, hysteresis: 1 }],
    },
  },
} as unknown as StoredSubscription;

function startWatch(store: Store) {
  const events: NotificationEvent[] = [];
  const stage = async (staged: NotificationEvent[]) => {
    events.push(...staged);
    return [];
  };
  const watch = new CapacityWatch({ store, stage, clock: new VirtualClock(), log: silentLogger });
  return { events, look: () => watch.look([threshold]) };
}

async function use(store: Store, vcpus: number): Promise<void> {
  const total = { vcpus: 8, memoryMib: 1, storageGib: 1 };
  const facts = { capacity: { total, used: { ...total, vcpus } } };
  await store.commit([
    { key: keys.subscription('t1'), value: threshold },
    { key: keys.infraStatus('vim'), value: { facts } },
    { key: keys.ledger('vim'), value: { reserved: { vcpus: 0, memoryMib: 0, storageGib: 0 } } },
  ]);
}

test('a crossing is told once, also by the process that comes after', async () => {
  const store = createMemoryStore();
  const first = startWatch(store);
  await first.look();
  for (const used of [0, 4, 6, 7, 4]) {
    await use(store, used);
    await first.look();
  }
  assert.deepEqual(
    first.events.map(({ facts }) => facts['direction']),
    ['DOWN'],
  );
  const second = startWatch(store);
  await second.look();
  await use(store, 2);
  await second.look();
  await second.look();
  assert.deepEqual(
    second.events.map(({ facts }) => facts['direction']),
    ['UP'],
  );
});

test('a store that refuses leaves the crossing to the next look', async () => {
  const store = createMemoryStore();
  await use(store, 0);
  await startWatch(store).look();
  await use(store, 8);
  const full = Object.create(store, {
    commit: { value: () => Promise.reject(new SkerryError('DiskFull', 'full')) },
    get: { value: store.get.bind(store) },
  }) as Store;
  await startWatch(full).look();
  const later = startWatch(store);
  await later.look();
  assert.equal(later.events.length, 1);
});
