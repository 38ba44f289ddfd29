import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { skipWithoutCluster, until } from './cluster.ts';
import { isWrite, type ProxiedCall } from './fault-proxy.ts';
import { configMaps, errorOf, ProxiedSite } from './proxied-site.ts';

let site: ProxiedSite;

const isObjectWrite = (call: ProxiedCall) => call.isWrite && call.path.includes('/configmaps/');

describe('a cluster that fails', { skip: skipWithoutCluster }, () => {
  beforeEach(async () => {
    site = await ProxiedSite.open();
  });
  afterEach(() => site.close());

  describe('crash after create', () => {
    // Before the record, after it, among the objects, before the record says that all is done.
    for (const after of [0, 1, 4, 11])
      test(`killed after ${after} writes: a new life finishes what was begun, once`, async () => {
        const unit = site.manifests(configMaps('crash', 10));
        site.proxy.fail({ fault: { kind: 'cut', when: 'before' }, match: isWrite, after });
        await errorOf(site.connector.ensure(site.context(), unit));
        site.proxy.heal();
        await site.restart();
        const found = await site.seen(unit);
        assert.equal(found !== undefined, after > 0, 'found by its record');
        await site.converge(unit);
        await site.assertConfigMaps(10, 'hello');
        const records = await site.cluster.list('v1', 'Secret', { namespace: site.namespace });
        assert.equal(records.filter(({ type }) => type === 'skerry.io/unit-record').length, 1);
      });

    test('killed in the middle of an upgrade: a new life finishes it', async () => {
      const unit = site.manifests(configMaps('crash', 10));
      await site.converge(unit);
      const changed = site.changed(unit, configMaps('crash', 8, 'good day'));
      site.proxy.fail({ fault: { kind: 'cut', when: 'before' }, match: isWrite, after: 5 });
      await errorOf(site.connector.ensure(site.context(), changed));
      site.proxy.heal();
      await site.restart();
      await site.converge(changed);
      await site.assertConfigMaps(8, 'good day');
    });

    test('killed in the middle of a removal: a new life finishes it', async () => {
      const unit = site.manifests(configMaps('crash', 10));
      await site.converge(unit);
      site.proxy.fail({ fault: { kind: 'cut', when: 'before' }, match: isWrite, after: 5 });
      await errorOf(site.connector.remove(site.context(), unit));
      site.proxy.heal();
      await site.restart();
      assert.notEqual(await site.seen(unit), undefined);
      await site.removed(unit);
      await site.assertConfigMaps(0, '');
    });
  });

  describe('the API server is away', () => {
    test('calls fail soon and say so; it comes back, and work goes on', async () => {
      const unit = site.manifests(configMaps('away', 5));
      await site.converge(unit);
      await site.proxy.refuse();
      const error = await site.fails(() => site.connector.observe(site.context(), site.owner));
      assert.equal(error.code, 'PlatformUnavailable');
      assert.match(error.message, /127\.0\.0\.1/);
      // Meanwhile somebody changes something.
      await site.cluster.delete('v1', 'ConfigMap', { namespace: site.namespace, name: 'away-0' });
      await site.proxy.listen();
      const changed = site.changed(unit, configMaps('away', 5, 'good day'));
      await site.converge(changed);
      await site.assertConfigMaps(5, 'good day');
    });

    test('it goes in the middle of an ensure', async () => {
      const unit = site.manifests(configMaps('away', 20));
      let writes = 0;
      site.proxy.fail({
        fault: { kind: 'cut', when: 'before' },
        match: (call) => call.isWrite && ++writes > 5,
      });
      const error = await errorOf(site.connector.ensure(site.context(), unit));
      assert.ok(['PlatformInDoubt', 'PlatformUnavailable'].includes(error.code), error.code);
      await site.proxy.refuse();
      site.proxy.heal();
      await site.proxy.listen();
      await site.converge(unit);
      await site.assertConfigMaps(20, 'hello');
    });
  });

  describe('watches', () => {
    const edit = (name: string) =>
      site.cluster.patch('v1', 'ConfigMap', { namespace: site.namespace, name }, { data: { greeting: 'edited' } });

    test('dropped again and again: no change is missed', async () => {
      const unit = site.manifests(configMaps('watch', 3));
      await site.converge(unit);
      for (let round = 0; round < 5; round += 1) {
        site.proxy.dropWatches();
        if (round % 2 === 0) await edit('watch-1');
        else await site.cluster.delete('v1', 'ConfigMap', { namespace: site.namespace, name: 'watch-1' });
        await until(async () => (await site.seen(unit))?.drifted, 'drift is seen', 2000);
        await site.converge(unit);
      }
      await site.assertConfigMaps(3, 'hello');
    });

    test('silent for ever: noticed, and begun anew', async () => {
      await site.restart({ speed: 50 });
      const unit = site.manifests(configMaps('watch', 3));
      await site.converge(unit);
      site.proxy.stallWatches();
      await edit('watch-1');
      assert.equal((await site.seen(unit))?.drifted, false);
      site.proxy.heal();
      // 150 s of silence, 50 times faster.
      await until(async () => (await site.seen(unit))?.drifted, 'drift is seen', 8000);
      await site.converge(unit);
      await site.assertConfigMaps(3, 'hello');
    });

    test('an agent is woken by a change behind its back', async () => {
      const unit = site.manifests(configMaps('watch', 3));
      await site.converge(unit);
      site.proxy.dropWatches();
      let wakes = 0;
      const watched = new AbortController();
      const ended = site.connector.watch?.({ ...site.context(), signal: watched.signal }, site.owner, () => {
        wakes += 1;
      });
      await edit('watch-2');
      await until(async () => wakes > 0, 'woken', 2000);
      watched.abort();
      await ended;
    });
  });

  describe('a server that is busy', () => {
    test('429 with Retry-After: waits as it is asked to, and finishes within the same call', async () => {
      const unit = site.manifests(configMaps('busy', 10));
      const isHealed = site.proxy.fail({ fault: { kind: 'answer', status: 429, retryAfterS: 1 }, match: isWrite });
      const from = site.proxy.calls.length;
      setTimeout(isHealed, 2500);
      await site.connector.ensure(site.context(), unit);
      const refused = site.proxy.requests(from).filter(({ status }) => status === 429);
      assert.ok(refused.length >= 2, 'it was refused');
      assert.ok(refused.length <= 3, `${refused.length} requests in 2.5 s, though each was told to wait 1 s`);
      await site.converge(unit);
      await site.assertConfigMaps(10, 'hello');
    });

    test('503 for the first of each kind of request: tried again', async () => {
      const unit = site.manifests(configMaps('busy', 10));
      site.proxy.fail({ fault: { kind: 'answer', status: 503 }, match: isWrite, times: 3 });
      await site.converge(unit);
      await site.assertConfigMaps(10, 'hello');
    });

    test('slow answers make a call slow, not wrong', async () => {
      const unit = site.manifests(configMaps('slow', 10));
      site.proxy.fail({ fault: { kind: 'delay', ms: 150 } });
      await site.converge(unit);
      await site.converge(site.changed(unit, configMaps('slow', 10, 'good day')));
      await site.assertConfigMaps(10, 'good day');
    });
  });

  describe('the seventh of ten objects', () => {
    const isSeventh = (call: ProxiedCall) => call.isWrite && call.path.endsWith('/configmaps/partly-6');

    test('answers 422 to an upgrade: what was there before comes back by itself, with the reason', async () => {
      const unit = site.manifests(configMaps('partly', 10));
      await site.converge(unit);
      site.proxy.fail({
        fault: { kind: 'answer', status: 422, message: 'ConfigMap "partly-6" is invalid: data: too strange' },
        match: isSeventh,
        times: 1,
      });
      const changed = site.changed(unit, configMaps('partly', 10, 'good day'));
      const found = await site.converge(changed);
      assert.equal(found.givenUp?.revision, changed.revision);
      assert.match(found.givenUp?.reason ?? '', /too strange.*rolled back to revision 1/);
      assert.equal(found.specDigest, unit.specDigest);
      assert.equal(found.phase, 'ready');
      await site.assertConfigMaps(10, 'hello');
    });

    test('answers 422 to the first install: said so, and a better request is made true', async () => {
      const unit = site.manifests(configMaps('partly', 10));
      const isHealed = site.proxy.fail({
        fault: { kind: 'answer', status: 422, message: 'too strange' },
        match: isSeventh,
      });
      const found = await site.converge(unit);
      assert.match(found.givenUp?.reason ?? '', /too strange/);
      isHealed();
      await site.converge(site.changed(unit, configMaps('partly', 10, 'good day')));
      await site.assertConfigMaps(10, 'good day');
    });

    test('answers 500 twice: tried again, finished', async () => {
      const unit = site.manifests(configMaps('partly', 10));
      await site.converge(unit);
      site.proxy.fail({ fault: { kind: 'answer', status: 500 }, match: isSeventh, times: 2 });
      const found = await site.converge(site.changed(unit, configMaps('partly', 10, 'good day')));
      assert.equal(found.givenUp, undefined);
      await site.assertConfigMaps(10, 'good day');
    });

    test('may not be written (403): said so with a remedy; the rights come, and it goes on', async () => {
      const unit = site.manifests(configMaps('partly', 10));
      const message =
        'configmaps "partly-6" is forbidden: User "agent" cannot patch resource "configmaps" in API group ""';
      const isHealed = site.proxy.fail({
        fault: { kind: 'answer', status: 403, message, reason: 'Forbidden' },
        match: isSeventh,
      });
      const error = await errorOf(site.connector.ensure(site.context(), unit));
      assert.equal(error.code, 'PlatformAuth');
      assert.match(error.remedy ?? '', /RBAC/);
      isHealed();
      await site.converge(unit);
      await site.assertConfigMaps(10, 'hello');
    });
  });

  describe('credentials that have expired', () => {
    const expired = { kind: 'answer', status: 401, message: 'Unauthorized', reason: 'Unauthorized' } as const;

    test('PlatformAuth with a remedy; good again, it works at once', async () => {
      const unit = site.manifests(configMaps('login', 3));
      await site.converge(unit);
      site.proxy.fail({ fault: expired, match: () => true });
      site.proxy.dropWatches();
      for (const call of [
        () => site.connector.observe(site.context(), site.owner),
        () => site.connector.ensure(site.context(), site.manifests(configMaps('other', 1))),
        () => site.connector.probe(site.context()),
      ]) {
        const error = await site.fails(call);
        assert.equal(error.code, 'PlatformAuth');
        assert.match(error.remedy ?? '', /kubeconfig/);
      }
      await site.cluster.delete('v1', 'ConfigMap', { namespace: site.namespace, name: 'login-0' });
      site.proxy.heal();
      const healedMs = performance.now();
      await site.converge(unit);
      assert.ok(performance.now() - healedMs < 3000, 'no pause of minutes');
      await site.assertConfigMaps(3, 'hello');
    });

    test('expired from the start: the connector opens, and says so', async () => {
      site.proxy.fail({ fault: expired, match: () => true });
      await site.restart();
      assert.equal((await errorOf(site.connector.observe(site.context(), site.owner))).code, 'PlatformAuth');
      site.proxy.heal();
      await site.converge(site.manifests(configMaps('login', 1)));
    });
  });

  describe('an answer that is lost after the server acted', () => {
    for (const [what, match] of [
      ['of the record', (call) => call.isWrite && call.path.includes('/secrets/')],
      ['of an object', isObjectWrite],
    ] as [string, (call: ProxiedCall) => boolean][])
      test(`${what}: in doubt, found by observing, made once`, async () => {
        const unit = site.manifests(configMaps('doubt', 3));
        site.proxy.fail({ fault: { kind: 'cut', when: 'after' }, match, times: 1 });
        const error = await errorOf(site.connector.ensure(site.context(), unit));
        assert.equal(error.code, 'PlatformInDoubt');
        assert.notEqual(await site.seen(unit), undefined, 'observing proves it');
        await site.converge(unit);
        await site.assertConfigMaps(3, 'hello');
        const found = await site.connector.observe(site.context(), site.owner);
        assert.equal(found.length, 1);
      });

    test('of a removal', async () => {
      const unit = site.manifests(configMaps('doubt', 3));
      await site.converge(unit);
      site.proxy.fail({ fault: { kind: 'cut', when: 'after' }, match: (call) => call.method === 'DELETE' });
      const error = await errorOf(site.connector.remove(site.context(), unit));
      assert.equal(error.code, 'PlatformInDoubt');
      site.proxy.heal();
      await site.removed(unit);
      await site.assertConfigMaps(0, '');
    });

    test('a write that hangs ends with its call, in doubt', async () => {
      const unit = site.manifests(configMaps('doubt', 3));
      site.proxy.fail({ fault: { kind: 'hang' }, match: isObjectWrite, times: 1 });
      const beganMs = performance.now();
      const error = await errorOf(site.connector.ensure(site.context(700), unit));
      assert.equal(error.code, 'PlatformInDoubt');
      assert.ok(performance.now() - beganMs < 1700);
      await site.converge(unit);
      await site.assertConfigMaps(3, 'hello');
    });
  });
});
