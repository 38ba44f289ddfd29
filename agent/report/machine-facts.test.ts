import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom, silentLogger, VirtualClock } from '#shared/runtime/index.ts';
import type { MachineFacts } from '#shared/wire/frames.ts';
import { memoryMedium, openAgentStoreOn } from '../store/index.ts';
import { KnownMachine, readMachineFacts } from './machine-facts.ts';

const tools = () => ({ clock: new VirtualClock(), random: new SeededRandom(1), log: silentLogger });

test('reads this machine in a process of its own', async () => {
  const facts = await readMachineFacts();
  assert.equal(facts.architecture.length > 0, true);
  assert.ok(facts.physicalCores > 0);
  assert.ok(Array.isArray(facts.interfaces));
});

test('what was read is known after a restart, also when reading fails', async () => {
  const medium = memoryMedium();
  const facts = { kernel: '6.1', physicalCores: 4, interfaces: [] } as unknown as MachineFacts;
  const first = new KnownMachine(await openAgentStoreOn(medium, tools()), silentLogger, async () => facts);
  assert.equal(first.facts(), undefined);
  await first.refresh();
  assert.deepEqual(first.facts(), facts);
  const second = new KnownMachine(await openAgentStoreOn(medium, tools()), silentLogger, async () => {
    throw new Error('no such program');
  });
  await second.refresh();
  assert.deepEqual(second.facts(), facts);
});
