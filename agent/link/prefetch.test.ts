import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SkerryError } from '#shared/errors/index.ts';
import { silentLogger, systemRandom, VirtualClock } from '#shared/runtime/index.ts';
import type { IntentObject } from '#shared/wire/frames.ts';
import type { LinkStatus } from './create-link.ts';
import { createPrefetch, namedFiles } from './prefetch.ts';

const digestOf = (letter: string) => `sha256:${letter.repeat(64)}`;
const unit = (spec: object) => ({ body: { type: 'unit', spec } }) as unknown as IntentObject;

function bench() {
  const clock = new VirtualClock();
  const changes = new Set<() => void>();
  const states = new Set<(status: LinkStatus) => void>();
  const made = {
    clock,
    objects: [] as IntentObject[],
    state: 'connected' as LinkStatus['state'],
    here: new Set<string>(),
    asked: [] as string[],
    kept: [] as [number, number | undefined][],
    failure: undefined as SkerryError | undefined,
    change() {
      for (const listener of changes) listener();
    },
    connect() {
      made.state = 'connected';
      for (const listener of states) listener({ state: 'connected' } as LinkStatus);
    },
  };
  const prefetch = createPrefetch({
    fetcher: {
      async fetch(digest) {
        made.asked.push(digest);
        if (made.failure !== undefined) throw made.failure;
        made.here.add(digest);
        return digest;
      },
      has: async (digest) => made.here.has(digest),
      keepOnly: async (digests, former) => void made.kept.push([digests.size, former]),
    },
    holder: {
      objects: () => made.objects,
      onChange: (listener) => {
        const own = () => listener(undefined);
        changes.add(own);
        return () => changes.delete(own);
      },
    },
    link: {
      status: () => ({ state: made.state }) as LinkStatus,
      onStatus: (listener) => {
        states.add(listener);
        return () => states.delete(listener);
      },
    },
    clock,
    random: { ...systemRandom, next: () => 0.5 },
    log: silentLogger,
  });
  return Object.assign(made, { prefetch });
}

/** Lets everything run that waits for nothing but itself. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test('charts and folders are named before images, each once, and nothing that is no digest', () => {
  const objects = [
    unit({ images: [{ reference: 'a', digest: digestOf('1') }, null, { digest: 'x' }], chartDigest: digestOf('2') }),
    unit({ folderDigest: digestOf('3') }),
    unit({ chartDigest: digestOf('2') }),
    unit({ chartDigest: '../../etc/passwd', images: 'all' }),
    { body: { type: 'infra', spec: { chartDigest: digestOf('4') } } } as unknown as IntentObject,
  ];
  assert.deepEqual(namedFiles(objects), [digestOf('2'), digestOf('3'), digestOf('1')]);
});

test('what the intent names is fetched when it is durable, and only once', async () => {
  const made = bench();
  made.objects = [unit({ chartDigest: digestOf('a') })];
  await made.prefetch.start();
  await settled();
  assert.deepEqual(made.asked, [digestOf('a')]);
  made.objects = [...made.objects, unit({ chartDigest: digestOf('b') })];
  made.change();
  await settled();
  assert.deepEqual(made.asked, [digestOf('a'), digestOf('b')]);
  assert.deepEqual(made.kept.at(-1), [2, 10]);
  await made.prefetch.stop();
});

test('without a link nothing is asked for; with it everything is', async () => {
  const made = bench();
  made.state = 'disconnected';
  made.objects = [unit({ chartDigest: digestOf('a') })];
  await made.prefetch.start();
  await settled();
  assert.deepEqual(made.asked, []);
  made.connect();
  await settled();
  assert.deepEqual(made.asked, [digestOf('a')]);
  await made.prefetch.stop();
});

test('what fails is tried again later and later, and one file does not stop the others', async () => {
  const made = bench();
  made.objects = [unit({ chartDigest: digestOf('a') }), unit({ chartDigest: digestOf('b') })];
  made.failure = new SkerryError('Unavailable', 'away');
  await made.prefetch.start();
  await settled();
  assert.deepEqual(made.asked, [digestOf('a'), digestOf('b')]);
  await made.clock.advance(1_000);
  await settled();
  assert.equal(made.asked.length, 2, 'not yet');
  await made.clock.advance(3_000);
  await settled();
  assert.equal(made.asked.length, 4);
  made.failure = undefined;
  made.change();
  await settled();
  assert.equal(made.asked.length, 6, 'at once when the intent changes');
  await made.clock.advance(3_600_000);
  await settled();
  assert.equal(made.asked.length, 6);
  await made.prefetch.stop();
});

test('on a full disk former files make room', async () => {
  const made = bench();
  made.objects = [unit({ chartDigest: digestOf('a') })];
  made.failure = new SkerryError('DiskFull', 'full');
  await made.prefetch.start();
  await settled();
  assert.deepEqual(made.kept, [
    [1, 10],
    [1, 0],
  ]);
  await made.prefetch.stop();
});
