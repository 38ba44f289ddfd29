import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isSkerryError } from '#shared/errors/index.ts';
import type { Principal } from '#shared/model/identity.ts';
import { id } from '#shared/model/ids.ts';
import { type Clock, type Logger, silentLogger, systemRandom } from '#shared/runtime/index.ts';
import { createMemoryStore, type Store } from '#shared/store/index.ts';
import type { RequestContext } from '../context.ts';
import { keys } from '../keys.ts';
import { createNotifier, type NotificationEvent, type NotifierOptions, type SubscriptionInput } from './index.ts';

const secretKey = Buffer.alloc(32, 7);
const principal = { username: 'ada', projectId: id('p1') } as unknown as Principal;
const context: RequestContext = { principal, requestId: 'r' };

/** Timers fire when the test says so. */
function handClock() {
  let now = 1_000_000;
  const timers = new Set<{ at: number; fire: () => void }>();
  const clock: Clock = {
    now: () => now,
    mono: () => now,
    timer(delayMs, fire) {
      const timer = { at: now + delayMs, fire };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };
  const advance = (ms: number) => {
    now += ms;
    for (const timer of [...timers]) if (timer.at <= now && timers.delete(timer)) timer.fire();
  };
  return { clock, advance };
}

interface Call {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: string;
}

/** A subscriber whose answers are decided by the test; `next` resolves with the next call that it gets. */
function fakeSubscriber(answer: (call: Call) => number | Response = () => 204) {
  const calls: Call[] = [];
  const waiting: ((call: Call) => void)[] = [];
  let read = 0;
  return {
    calls,
    async fetch(url: string, init: RequestInit) {
      const call = {
        url,
        method: init.method!,
        headers: init.headers as Record<string, string>,
        body: String(init.body),
      };
      const outcome = answer(call);
      calls.push(call);
      const waiter = waiting.shift();
      if (waiter) {
        read += 1;
        waiter(call);
      }
      return typeof outcome === 'number' ? new Response(null, { status: outcome }) : outcome;
    },
    next(): Promise<Call> {
      const known = calls[read];
      if (known) {
        read += 1;
        return Promise.resolve(known);
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}

function setUp(options: Partial<NotifierOptions> & { store?: NotifierOptions['store'] } = {}) {
  const { clock, advance } = handClock();
  const store = options.store ?? createMemoryStore();
  const subscriber = fakeSubscriber();
  const notifier = createNotifier({
    store,
    clock,
    random: systemRandom,
    log: silentLogger,
    secretKey,
    fetch: subscriber.fetch,
    ...options,
  });
  return { notifier, store, clock, advance, subscriber };
}

const input: SubscriptionInput = {
  api: 'nslcm',
  major: 'v2',
  baseUrl: 'https://mano.example',
  callbackUri: 'http://oss.example/callback',
};

function created(nsInstanceId: string): NotificationEvent {
  const facts = { projectId: 'p1', nsInstanceId, nsInstanceName: nsInstanceId, nsdId: 'nsd-1' };
  return { api: 'nslcm', type: 'NsIdentifierCreationNotification', at: 5000, facts };
}

test('a subscription is tested with one GET that has to answer 204', async () => {
  const refusing = fakeSubscriber(() => 200);
  const { notifier } = setUp({ fetch: refusing.fetch });
  await assert.rejects(notifier.subscriptions.create(context, input), { code: 'Unprocessable' });
  assert.equal(refusing.calls.length, 1);
  assert.equal(refusing.calls[0]!.method, 'GET');
  for (const callbackUri of ['ftp://x/', 'file:///etc/passwd', 'nonsense', 'http://user:pw@host/']) {
    await assert.rejects(notifier.subscriptions.create(context, { ...input, callbackUri }), { code: 'Unprocessable' });
  }
  assert.equal(refusing.calls.length, 1);
});

test('staged events are delivered once committed, in order, with the same id for all subscriptions', async (t) => {
  const { notifier, store, subscriber } = setUp();
  await notifier.start();
  t.after(() => notifier.stop());
  assert.deepEqual(await notifier.stage([created('ns-0')]), [], 'nobody has subscribed');
  const { subscription } = await notifier.subscriptions.create(context, input);
  await subscriber.next();
  const changes = await notifier.stage([created('ns-1'), created('ns-2'), created('ns-3')]);
  assert.equal(subscriber.calls.length, 1, 'not before the commit');
  await store.commit(changes);
  const bodies = [];
  for (let count = 0; count < 3; count++) bodies.push(JSON.parse((await subscriber.next()).body));
  assert.deepEqual(
    bodies.map((body) => body.nsInstanceId),
    ['ns-1', 'ns-2', 'ns-3'],
  );
  assert.deepEqual(bodies[0], {
    id: bodies[0].id,
    notificationType: 'NsIdentifierCreationNotification',
    subscriptionId: subscription.id,
    timestamp: '1970-01-01T00:00:05.000Z',
    nsInstanceId: 'ns-1',
    _links: {
      nsInstance: { href: 'https://mano.example/nslcm/v2/ns_instances/ns-1' },
      subscription: { href: `https://mano.example/nslcm/v2/subscriptions/${subscription.id}` },
    },
  });
});

test('a refused notification is retried after a pause and none passes it', async (t) => {
  let isDown = true;
  const shaky = fakeSubscriber((call) => (call.method === 'POST' && isDown ? 503 : 204));
  const { notifier, store, advance } = setUp({ fetch: shaky.fetch });
  await notifier.start();
  t.after(() => notifier.stop());
  await notifier.subscriptions.create(context, input);
  await shaky.next();
  await store.commit(await notifier.stage([created('ns-1'), created('ns-2')]));
  assert.match((await shaky.next()).body, /ns-1/);
  await new Promise((resolve) => setImmediate(resolve));
  isDown = false;
  advance(1000);
  assert.match((await shaky.next()).body, /ns-1/);
  assert.match((await shaky.next()).body, /ns-2/);
});

test('what was not delivered survives a restart; a deleted subscription takes its outbox along', async (t) => {
  const first = setUp({ fetch: fakeSubscriber((call) => (call.method === 'GET' ? 204 : 500)).fetch });
  await first.notifier.start();
  const { subscription } = await first.notifier.subscriptions.create(context, input);
  await first.store.commit(await first.notifier.stage([created('ns-1')]));
  await first.notifier.stop();
  const second = setUp({ store: first.store });
  await second.notifier.start();
  t.after(() => second.notifier.stop());
  assert.match((await second.subscriber.next()).body, /ns-1/);

  const third = setUp({ store: first.store, fetch: fakeSubscriber(() => 500).fetch });
  await first.store.commit(await third.notifier.stage([created('ns-2')]));
  await third.notifier.subscriptions.delete(context, 'nslcm', subscription.id);
  assert.deepEqual(await first.store.range({ prefix: 'notification/' }), []);
  assert.deepEqual(await first.store.range({ prefix: 'subscription/' }), []);
});

test('the queue is bounded by length and age, and a drop is counted in the log', async (t) => {
  const dropped: number[] = [];
  const log: Logger = {
    ...silentLogger,
    warn: (fields) => 'dropped' in fields && dropped.push((fields as { dropped: number }).dropped),
  };
  const shaky = fakeSubscriber((call) => (call.method === 'GET' || call.body.includes('last') ? 204 : 500));
  const { notifier, store, advance } = setUp({ log, fetch: shaky.fetch, limits: { queueLength: 2, ageMs: 60_000 } });
  await notifier.start();
  t.after(() => notifier.stop());
  await notifier.subscriptions.create(context, input);
  await shaky.next();
  await store.commit(await notifier.stage(['ns-1', 'ns-2', 'ns-3', 'ns-4', 'ns-5'].map(created)));
  await shaky.next();
  await new Promise((resolve) => setImmediate(resolve));
  advance(1000);
  assert.match((await shaky.next()).body, /ns-4/);
  assert.deepEqual(dropped, [3]);
  await new Promise((resolve) => setImmediate(resolve));
  advance(60_001);
  await store.commit(await notifier.stage([created('last')]));
  assert.match((await shaky.next()).body, /last/);
  assert.deepEqual(dropped, [3, 1, 1]);
});

test('credentials are sent to the subscriber, sealed at rest, and never shown', async (t) => {
  const { notifier, store, subscriber } = setUp();
  await notifier.start();
  t.after(() => notifier.stop());
  const authentication = { authType: ['BASIC' as const], paramsBasic: { userName: 'oss', password: 'hunter2' } };
  const { subscription } = await notifier.subscriptions.create(context, { ...input, authentication });
  const probe = await subscriber.next();
  assert.equal(probe.headers['authorization'], `Basic ${Buffer.from('oss:hunter2').toString('base64')}`);
  assert.doesNotMatch(JSON.stringify(await store.range({ prefix: '' })), /hunter2/);
  const shown = [subscription, ...(await notifier.subscriptions.list(context, 'nslcm'))];
  shown.push(await notifier.subscriptions.get(context, 'nslcm', subscription.id));
  assert.doesNotMatch(JSON.stringify(shown), /hunter2|sealed|authentication/i);
  const other = { ...context, principal: { ...principal, projectId: id('p2') } as Principal };
  await assert.rejects(notifier.subscriptions.get(other, 'nslcm', subscription.id), { code: 'NotFound' });
});

test('OAuth2 client credentials: a token is fetched once, used, and fetched anew after a 401', async (t) => {
  let tokens = 0;
  let refuse = false;
  const oauth = fakeSubscriber((call) => {
    if (call.url === 'https://auth.example/token') {
      tokens += 1;
      return Response.json({ access_token: `t${tokens}`, token_type: 'Bearer', expires_in: 3600 });
    }
    return refuse && call.headers['authorization'] === 'Bearer t1' ? 401 : 204;
  });
  const { notifier, store, advance } = setUp({ fetch: oauth.fetch });
  await notifier.start();
  t.after(() => notifier.stop());
  const authentication = {
    authType: ['OAUTH2_CLIENT_CREDENTIALS' as const],
    paramsOauth2ClientCredentials: { clientId: 'c', clientPassword: 's', tokenEndpoint: 'https://auth.example/token' },
  };
  await notifier.subscriptions.create(context, { ...input, authentication });
  assert.equal((await oauth.next()).url, 'https://auth.example/token');
  assert.equal((await oauth.next()).headers['authorization'], 'Bearer t1');
  await store.commit(await notifier.stage([created('ns-1')]));
  assert.equal((await oauth.next()).headers['authorization'], 'Bearer t1');
  refuse = true;
  await store.commit(await notifier.stage([created('ns-2')]));
  assert.equal((await oauth.next()).headers['authorization'], 'Bearer t1');
  await new Promise((resolve) => setImmediate(resolve));
  advance(1000);
  assert.equal((await oauth.next()).url, 'https://auth.example/token');
  assert.equal((await oauth.next()).headers['authorization'], 'Bearer t2');
});

test('equal subscriptions are allowed, or answered with the first', async () => {
  const allowing = setUp().notifier;
  const one = await allowing.subscriptions.create(context, { ...input, filter: { operationTypes: ['SCALE'] } });
  const two = await allowing.subscriptions.create(context, { ...input, filter: { operationTypes: ['SCALE'] } });
  assert.notEqual(one.subscription.id, two.subscription.id);
  const refusing = setUp({ duplicates: 'refuse' }).notifier;
  const first = await refusing.subscriptions.create(context, input);
  const second = await refusing.subscriptions.create(context, input);
  assert.equal(second.isDuplicate, true);
  assert.equal(second.subscription.id, first.subscription.id);
});

test('a wrong key opens no credential', async () => {
  const { notifier, store } = setUp();
  const authentication = { authType: ['BASIC' as const], paramsBasic: { userName: 'oss', password: 'x' } };
  const { subscription } = await notifier.subscriptions.create(context, { ...input, authentication });
  const other = setUp({ store, secretKey: Buffer.alloc(32, 8) }).notifier;
  await assert.rejects(
    other.subscriptions.update(context, { api: 'nslcm', id: subscription.id }, { callbackUri: input.callbackUri }),
    (error) => isSkerryError(error) && error.code === 'StoreDamaged',
  );
});

test('a threshold tells what comes after its answer, however late the store tells of either', async () => {
  const store = createMemoryStore();
  const total = { vcpus: 8, memoryMib: 1, storageGib: 1 };
  const use = (vcpus: number) => {
    const facts = { capacity: { total, used: { ...total, vcpus } } };
    const reserved = { vcpus: 0, memoryMib: 0, storageGib: 0 };
    return store.commit([
      { key: keys.infraStatus('vim'), value: { facts } },
      { key: keys.ledger('vim'), value: { reserved } },
    ]);
  };
  await use(0);
  // A feed that stands still until it is let go, as that of a busy process does.
  const gate = Promise.withResolvers<void>();
  const late = Object.create(store, {
    feed: {
      value: async function* (from: number, signal: AbortSignal) {
        await gate.promise;
        yield* store.feed(from, signal);
      },
    },
  }) as Store;
  for (const name of ['get', 'range', 'commit', 'revision'] as const)
    Object.defineProperty(late, name, { value: store[name].bind(store) });
  const { notifier, subscriber } = setUp({ store: late });
  await notifier.start();
  const metric = { resourceType: 'VR_COMPUTE', capacityMeasurementName: 'VcpuCapacity', capacityType: 'AVAILABLE' };
  const criteria = { capacityMetric: metric, simpleThresholdDetails: [{ thresholdValue: 4, hysteresis: 1 }] };
  const filter = { objectInstanceId: 'vim', criteria };
  await notifier.subscriptions.create(context, { ...input, api: 'nfvici', filter });
  await use(8);
  gate.resolve();
  const probe = await subscriber.next();
  assert.equal(probe.method, 'GET');
  const told = await Promise.race([subscriber.next(), delay(2_000)]);
  assert.ok(told !== undefined, 'the crossing is told');
  assert.equal(JSON.parse(told.body).direction, 'DOWN');
  await notifier.stop();
});
