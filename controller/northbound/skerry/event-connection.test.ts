import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import type { Principal } from '#shared/model/identity.ts';
import { id } from '#shared/model/ids.ts';
import { VirtualClock } from '#shared/runtime/index.ts';
import { createMemoryStore } from '#shared/store/index.ts';
import { keys } from '../../keys.ts';
import { EventConnection } from './event-connection.ts';
import { EventSource } from './event-source.ts';

const principal = { projectId: id('p1') } as unknown as Principal;
const site = (name: string) => ({ key: keys.site(name), value: { id: name, name } });

function startConnection(output: Writable, stillAllowed: () => Promise<unknown> = async () => undefined) {
  const clock = new VirtualClock();
  const store = createMemoryStore();
  const source = new EventSource({} as never, { topics: new Set(['site']), ids: new Set(), principal });
  const connection = new EventConnection({ store, clock, source, output, stillAllowed });
  return { clock, store, connection };
}

/** Everything that was written, when `last` is seen in it. */
async function written(output: PassThrough, last: string): Promise<string> {
  let text = '';
  for await (const chunk of output.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.includes(last)) break;
  }
  return text;
}

test('a client that takes nothing for 20 s is dropped, and holds back nothing but itself', async () => {
  const taken: string[] = [];
  const stuck = new Writable({
    highWaterMark: 1,
    write: (chunk: Buffer) => void taken.push(String(chunk)),
  });
  const { clock, store, connection } = startConnection(stuck);
  let isOver = false;
  const running = connection.run(undefined).then(() => {
    isOver = true;
  });
  await clock.settle();
  for (let count = 0; count < 50; count += 1) await store.commit([site(`s${count}`)]);
  await clock.advance(19_000);
  assert.equal(isOver, false);
  assert.equal(taken.length, 1, 'nothing piles up for a client that does not read');
  await clock.advance(2_000);
  await running;
  assert.ok(stuck.destroyed, 'its socket is closed, whatever it has not read');
});

test('a revision that the store does not know is answered with a reset, and events go on from there', async () => {
  const output = new PassThrough();
  const { clock, store, connection } = startConnection(output);
  await store.commit([site('old')]);
  const running = connection.run(4711);
  const reset = await written(output, 'event: reset');
  assert.match(reset, /id: 1\nevent: reset\ndata: \{"revision":1/);
  await clock.settle();
  await store.commit([site('new')]);
  assert.match(await written(output, '"new"'), /id: 2\nevent: site/);
  connection.end();
  await running;
});

test('a heartbeat comes every 15 s, until the token does not hold any more', async () => {
  const output = new PassThrough();
  let isAllowed = true;
  const { clock, connection } = startConnection(output, async () => {
    if (!isAllowed) throw new Error('expired');
  });
  const running = connection.run(undefined);
  await written(output, 'event: hello');
  await clock.settle();
  await clock.advance(15_000);
  await written(output, ': heartbeat');
  isAllowed = false;
  await clock.settle();
  await clock.advance(15_000);
  assert.match(await written(output, 'event: end'), /event: end/);
  await running;
});
