import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { SeededRandom, silentLogger, systemClock, VirtualClock } from '#shared/runtime/index.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { createKubernetesApi } from './create-kubernetes-api.ts';
import { createReflector } from './create-reflector.ts';
import type { KubernetesApi } from './kubernetes-api.ts';
import type { Reflector, ReflectorOptions } from './reflector.ts';
import { answerStatus, FakeApiServer } from './testing/fake-api-server.ts';

type Word = string;
const resource = { apiVersion: 'v1', kind: 'Pod', plural: 'pods', isNamespaced: true };
const soon = () => AbortSignal.timeout(5000);

let server: FakeApiServer;
let api: KubernetesApi;
let clock: VirtualClock;
let reflector: Reflector<Word>;
let changes: string[];

beforeEach(async () => {
  server = await FakeApiServer.start();
  api = createKubernetesApi({ endpoint: { server: server.url, tls: {} }, clock: systemClock, log: silentLogger });
  clock = new VirtualClock();
  changes = [];
});
afterEach(async () => {
  await reflector.stop();
  assert.equal(clock.pendingTimers, 0);
  await until(() => server.openWatches === 0);
  api.close();
  await server.stop();
});

function reflect(more: Partial<ReflectorOptions<Word>> = {}): void {
  reflector = createReflector<Word>({
    api,
    resource,
    reduce: ({ kind, spec, metadata }) =>
      spec?.['word'] === 'none' ? undefined : `${kind} ${spec?.['word'] ?? metadata.name}`,
    onChange: (key, before, after) => changes.push(`${key}: ${before ?? '-'} > ${after ?? '-'}`),
    clock,
    random: new SeededRandom(1),
    log: silentLogger,
    ...more,
  });
}

async function until(isSo: () => boolean): Promise<void> {
  const endMs = performance.now() + 4000;
  while (!isSo()) {
    assert.ok(performance.now() < endMs, `never: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Time enough for what must not happen. */
const aWhile = () => new Promise((resolve) => setTimeout(resolve, 40));

function picture(): Record<string, Word> {
  return Object.fromEntries([...reflector.entries()].sort());
}

function expected(): Record<string, Word> {
  const words = server
    .entries()
    .map(([key, { spec }]): [string, Word] => [key, `Pod ${spec?.['word'] ?? key.split('/')[1]}`]);
  return Object.fromEntries(words.sort());
}

function pod(key: string, resourceVersion: string, word: string): KubeObject {
  const [namespace, name = ''] = key.split('/');
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, resourceVersion }, spec: { word } };
}

/** A watch that goes on waits a moment before it counts. */
async function live(): Promise<void> {
  const synced = reflector.synced(soon());
  let isDone = false;
  void synced
    .catch(() => undefined)
    .then(() => {
      isDone = true;
    });
  while (!isDone) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (!isDone) await clock.advance(50);
  }
  await synced;
  assert.equal(reflector.isLive, true);
}

test('lists in pages, then follows the watch', async () => {
  for (let at = 0; at < 600; at += 1) server.put(`x/p${at}`);
  reflect({ labelSelector: 'a=b' });
  await live();
  assert.equal(server.count('list'), 3);
  assert.deepEqual(picture(), expected());
  changes = [];
  server.put('x/p1', { word: 'new' });
  server.put('y/q', { word: 'more' });
  server.remove('x/p2');
  server.put('y/q', { word: 'none' });
  await until(() => changes.length === 4);
  assert.deepEqual(changes, ['x/p1: Pod p1 > Pod new', 'y/q: - > Pod more', 'x/p2: Pod p2 > -', 'y/q: Pod more > -']);
  assert.deepEqual([reflector.get('x/p1'), reflector.get('x/p2')], ['Pod new', undefined]);
  const [list] = server.seen;
  assert.deepEqual(
    [list?.path, list?.query.get('labelSelector'), list?.query.get('limit')],
    ['/api/v1/pods', 'a=b', '250'],
  );
  const watch = server.seen.at(-1)!;
  assert.equal(watch.query.get('allowWatchBookmarks'), 'true');
  const seconds = Number(watch.query.get('timeoutSeconds'));
  assert.ok(seconds >= 300 && seconds < 600);
});

test('goes on from the last version without a list when a watch ends', async () => {
  reflect();
  await live();
  server.put('x/a');
  await until(() => changes.length === 1);
  await clock.advance(5000);
  server.endWatches();
  await until(() => server.count('watch') === 2);
  await live();
  assert.equal(server.seen.at(-1)?.query.get('resourceVersion'), String(server.version));
  server.put('x/b');
  await until(() => changes.length === 2);
  assert.equal(server.count('list'), 1);
});

test('pauses after a break, longer each time, and begins short after a good watch', async () => {
  reflect();
  await live();
  const pauses: number[] = [];
  for (let turn = 0; turn < 10; turn += 1) {
    server.breakWatches();
    await until(() => !reflector.isLive);
    await until(() => clock.pendingTimers === 1);
    const fromMs = clock.mono();
    await clock.runNext();
    pauses.push(clock.mono() - fromMs);
    await live();
  }
  pauses.forEach((pauseMs, turn) => {
    const fullMs = Math.min(30_000, 250 * 2 ** turn);
    assert.ok(pauseMs >= fullMs / 2 && pauseMs <= fullMs, `${pauses}`);
  });
  await clock.advance(11_000);
  server.breakWatches();
  await until(() => !reflector.isLive && clock.pendingTimers === 1);
  await clock.advance(250);
  await live();
  assert.equal(server.count('list'), 1);
});

test('a watch that ends as soon as it has begun is a failure', async () => {
  reflect();
  await live();
  server.endWatches();
  await until(() => !reflector.isLive && clock.pendingTimers === 1);
  await aWhile();
  assert.equal(server.count('watch'), 1);
  await clock.advance(250);
  await live();
});

test('lists anew when the version is gone, and sees what went meanwhile', async () => {
  server.put('x/a');
  server.put('x/b');
  reflect();
  await live();
  await clock.advance(20_000);
  server.intercept = ({ query }) => {
    if (!query.has('watch')) return false;
    server.intercept = () => false;
    server.remove('x/a');
    server.put('x/c');
    server.compact();
    return false;
  };
  server.breakWatches();
  await until(() => !reflector.isLive && clock.pendingTimers === 1);
  await clock.advance(250);
  await live();
  assert.deepEqual(picture(), { 'x/b': 'Pod b', 'x/c': 'Pod c' });
  server.remove('x/b');
  let isRefused = false;
  server.intercept = ({ query }, response) => {
    if (!query.has('watch') || isRefused) return false;
    isRefused = true;
    answerStatus(response, 410, { reason: 'Expired' });
    return true;
  };
  await clock.advance(20_000);
  server.endWatches();
  await until(() => isRefused);
  await live();
  assert.deepEqual([picture(), server.count('list')], [{ 'x/c': 'Pod c' }, 3]);
});

test('begins a list again whose pages expire, but not for ever without a pause', async () => {
  for (let at = 0; at < 300; at += 1) server.put(`x/p${at}`);
  let expiries = 5;
  server.intercept = ({ query }) => {
    if (query.has('continue') && expiries > 0) {
      expiries -= 1;
      server.compact();
    }
    return false;
  };
  reflect();
  await until(() => clock.pendingTimers === 1);
  assert.equal(expiries, 1);
  while (!reflector.isLive) {
    await clock.advance(1000);
    await aWhile();
  }
  assert.deepEqual(picture(), expected());
});

test('takes a silent connection for dead, but not one with bookmarks', async () => {
  server.put('x/a');
  reflect();
  await live();
  server.compact();
  for (let turn = 0; turn < 5; turn += 1) {
    await clock.advance(100_000);
    server.bookmark();
    await aWhile();
  }
  assert.equal(server.count('watch'), 1);
  await clock.advance(149_000);
  assert.equal(reflector.isLive, true);
  await clock.advance(1000);
  await until(() => !reflector.isLive && clock.pendingTimers === 1);
  await clock.advance(250);
  await live();
  assert.deepEqual([server.count('watch'), server.count('list')], [2, 1]);
  assert.equal(server.seen.at(-1)?.query.get('resourceVersion'), String(server.version));
});

test('an own write is seen at once; what is older never overwrites it', async () => {
  server.put('x/a', { word: 'one' });
  reflect();
  await live();
  const newer = String(server.version + 5);
  reflector.put(pod('x/a', newer, 'own'));
  assert.equal(reflector.get('x/a'), 'Pod own');
  server.put('x/a', { word: 'older' });
  server.put('x/marker');
  await until(() => reflector.get('x/marker') !== undefined);
  assert.equal(reflector.get('x/a'), 'Pod own');
  for (let at = 0; at < 10; at += 1) server.put('x/a', { word: 'newest' });
  await until(() => reflector.get('x/a') === 'Pod newest');
  // Answers that come late: the watch is past them already.
  reflector.put(pod('x/a', newer, 'late'));
  reflector.put(pod('x/gone', newer, 'late'));
  assert.deepEqual([reflector.get('x/a'), reflector.get('x/gone')], ['Pod newest', undefined]);
  // More digits, smaller as text.
  reflector.put(pod('x/b', '1000', 'b'));
  reflector.put(pod('x/b', '999', 'older'));
  reflector.put(pod('x/c', '18446744073709551614', 'c'));
  reflector.put(pod('x/c', '18446744073709551615', 'larger than a double tells'));
  assert.deepEqual([reflector.get('x/b'), reflector.get('x/c')], ['Pod b', 'Pod larger than a double tells']);
  reflector.drop('x/b');
  assert.equal(reflector.get('x/b'), undefined);
});

test('an own write during a list survives it', async () => {
  server.put('x/a');
  let isListing = false;
  const answer = Promise.withResolvers<void>();
  server.intercept = ({ query }, response) => {
    if (isListing || query.has('watch')) return false;
    isListing = true;
    const version = String(server.version);
    void answer.promise.then(() => {
      response.end(JSON.stringify({ metadata: { resourceVersion: version }, items: [pod('x/a', version, 'listed')] }));
    });
    return true;
  };
  reflect();
  await until(() => isListing);
  reflector.put(pod('x/a', String(server.version + 1), 'own'));
  reflector.put(pod('x/new', String(server.version + 2), 'own'));
  reflector.put(pod('x/old', String(server.version - 1), 'deleted since'));
  answer.resolve();
  await live();
  assert.deepEqual(picture(), { 'x/a': 'Pod own', 'x/new': 'Pod own' });
});

test('a kind that is not served or not allowed is an error, tried again, and gone when it is mended', async () => {
  let status = 404;
  server.intercept = (_, response) => {
    if (status === 200) return false;
    answerStatus(response, status, { message: status === 404 ? 'could not find the requested resource' : '' });
    return true;
  };
  reflect();
  await assert.rejects(reflector.synced(soon()), { code: 'NotFound' });
  status = 403;
  await aWhile();
  const refused = assert.rejects(reflector.synced(soon()), { code: 'PlatformAuth' });
  await clock.advance(1000);
  await refused;
  const again = assert.rejects(reflector.refresh(soon()), { code: 'PlatformAuth' });
  await clock.advance(1000);
  await again;
  server.put('x/a');
  status = 200;
  const synced = reflector.synced(soon());
  await clock.advance(1000);
  await synced;
  assert.deepEqual(picture(), { 'x/a': 'Pod a' });
});

test('waits through an outage, and gives its reason when the wait is ended', async () => {
  let isAway = true;
  server.intercept = (_, response) => {
    if (isAway) answerStatus(response, 503, { message: 'starting' });
    return isAway;
  };
  reflect();
  const stop = new AbortController();
  const ended = assert.rejects(reflector.synced(stop.signal), { code: 'PlatformUnavailable', message: 'starting' });
  const patient = reflector.synced(soon());
  await until(() => clock.pendingTimers === 1);
  await clock.advance(10_000);
  stop.abort();
  await ended;
  isAway = false;
  await clock.advance(30_000);
  await patient;
  assert.equal(reflector.isLive, true);
});

test('asks no sooner than Retry-After says, whoever waits', async () => {
  let isBusy = true;
  server.intercept = (_, response) => {
    if (isBusy) answerStatus(response, 429, { message: 'busy' }, { 'retry-after': '20' });
    return isBusy;
  };
  reflect();
  await until(() => clock.pendingTimers === 1);
  isBusy = false;
  const synced = reflector.synced(soon());
  await clock.advance(19_900);
  await aWhile();
  assert.equal(server.seen.length, 1);
  await clock.advance(200);
  await synced;
});

test('refresh resolves after a list that began after it, and throws when that fails', async () => {
  reflect();
  await live();
  const before = server.count('list');
  await Promise.all([reflector.refresh(soon()), reflector.refresh(soon())]);
  assert.equal(server.count('list'), before + 1);
  await live();
  // Asked while a list is under way: one more.
  let asked: Promise<void> | undefined;
  server.intercept = ({ query }) => {
    if (!query.has('watch')) asked ??= reflector.refresh(soon());
    return false;
  };
  await reflector.refresh(soon());
  await asked;
  assert.equal(server.count('list'), before + 3);
  server.intercept = ({ query }, response) => {
    if (!query.has('watch')) answerStatus(response, 500, { message: 'broken' });
    return !query.has('watch');
  };
  await assert.rejects(reflector.refresh(soon()), { code: 'PlatformUnavailable', message: 'broken' });
  await assert.rejects(reflector.refresh(AbortSignal.abort()), { code: 'Aborted' });
  server.intercept = () => false;
  const synced = reflector.synced(soon());
  await clock.advance(1000);
  await synced;
});

test('one list and watch for each namespace', async () => {
  for (const key of ['x/a', 'y/b', 'z/c']) server.put(key);
  reflect({ namespaces: ['x', 'y', 'x'] });
  await live();
  assert.deepEqual(picture(), { 'x/a': 'Pod a', 'y/b': 'Pod b' });
  assert.deepEqual([server.count('list'), server.count('watch')], [2, 2]);
  reflector.put(pod('y/own', '5000', 'own'));
  reflector.put(pod('z/own', '5000', 'own'));
  assert.deepEqual([reflector.get('y/own'), reflector.get('z/own')], ['Pod own', undefined]);
});

test('believes a server whose store was put back', async () => {
  server.put('x/a', { word: 'before' });
  server.put('x/b');
  reflect();
  await live();
  server.remove('x/b');
  server.put('x/a', { word: 'after' });
  await until(() => reflector.get('x/a') === 'Pod after');
  server.put('x/a', { word: 'put back' });
  await until(() => reflector.get('x/a') === 'Pod put back');
  server.rollBack(7);
  await reflector.refresh(soon());
  await live();
  server.put('x/a', { word: 'on' });
  await until(() => reflector.get('x/a') === 'Pod on');
});

test('goes on after callbacks that throw and events that are none', async () => {
  reflect({
    reduce: ({ metadata }) => {
      if (metadata.name === 'bad') throw new Error('cannot');
      return metadata.name;
    },
    onChange: () => {
      throw new Error('will not');
    },
  });
  await live();
  server.put('x/bad');
  server.put('x/good');
  await until(() => reflector.get('x/good') === 'good');
  assert.equal(reflector.get('x/bad'), undefined);
  for (const line of [
    { type: 'ADDED', object: {} },
    { type: 'ERROR', object: { code: 500, message: 'x' } },
    'nonsense',
  ]) {
    server.tell(line);
    await until(() => !reflector.isLive && clock.pendingTimers === 1);
    await live();
  }
});

test('a wait on what is stopped ends', async () => {
  server.intercept = () => true;
  reflect();
  const ended = assert.rejects(reflector.synced(soon()), { code: 'Aborted' });
  await reflector.stop();
  await ended;
  await assert.rejects(reflector.refresh(soon()), { code: 'Aborted' });
  await reflector.stop();
});
