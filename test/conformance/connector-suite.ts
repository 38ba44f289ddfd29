import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import {
  type CallContext,
  type Connector,
  type DesiredUnit,
  type ObservedUnit,
  type UnitKind,
  unitKinds,
} from '#shared/connector/index.ts';
import { isSkerryError } from '#shared/errors/index.ts';
import { type Incarnation, id, type ObjectKey, type OwnerId } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import { silentLogger, systemClock } from '#shared/runtime/index.ts';
import { digestOf, uuidV5 } from '#shared/wire/digest.ts';

/** One platform for one test, with as many connectors on it as the test opens: agents come and go, the platform stays. */
export interface ConnectorPlatform {
  open(): Promise<Connector>;
  /** Changes the live unit behind the connector's back; undefined where a test cannot. */
  drift?(key: ObjectKey): Promise<void>;
  /** Makes the next `ensure` hang; undefined where a test cannot. */
  hangNextEnsure?(): Promise<void>;
  close(): Promise<void>;
}

export interface ConnectorSuiteOptions {
  /** A unit that needs nothing else, for every test. */
  sample: { kind: UnitKind; spec: JsonObject };
  /** A change of the sample that can be made in place, and one that cannot (if there is one). */
  inPlace?: JsonObject;
  replacing?: JsonObject;
  /** How long the platform may take to make or remove the sample, milliseconds. */
  patienceMs?: number;
}

const nameSpace = '8f6d1f6e-3f0e-5c57-9a53-2f0b6b1d7c11';
const ours = id<OwnerId>('agent-of-the-suite');
const theirs = id<OwnerId>('another-agent');

/** What every connector has to keep (docs/sync-protocol.md, Effects). Run it once per connector. */
export function describeConnector(
  name: string,
  makePlatform: () => Promise<ConnectorPlatform>,
  options: ConnectorSuiteOptions,
): void {
  const { sample, patienceMs = 2000 } = options;

  describe(`connector ${name}`, () => {
    let platform: ConnectorPlatform;
    let connector: Connector;
    let ordinal = 0;
    beforeEach(async () => {
      platform = await makePlatform();
      connector = await platform.open();
    });
    afterEach(async () => {
      await connector.close();
      await platform.close();
    });

    const context = (signal: AbortSignal = AbortSignal.timeout(30_000)): CallContext => ({
      signal,
      clock: systemClock,
      log: silentLogger,
    });
    const unit = (change: Partial<DesiredUnit> = {}): DesiredUnit => {
      ordinal += 1;
      const key = change.key ?? id<ObjectKey>(`${sample.kind}/suite-${ordinal}`);
      const incarnation = change.incarnation ?? id<Incarnation>(`${ordinal}-${'0'.repeat(16)}`);
      const spec = change.spec ?? sample.spec;
      return {
        key,
        kind: sample.kind,
        owner: ours,
        incarnation,
        name: uuidV5(nameSpace, `suite/${key}/${incarnation}`),
        specDigest: digestOf({ kind: sample.kind, spec }),
        revision: ordinal,
        dependencies: {},
        ...change,
        spec,
      };
    };
    const seen = async (key: ObjectKey, on = connector): Promise<ObservedUnit[]> =>
      (await on.observe(context(), ours)).filter((observed) => observed.key === key);
    const until = async (isTrue: () => Promise<boolean>): Promise<void> => {
      const deadline = performance.now() + patienceMs;
      while (!(await isTrue())) {
        assert.ok(performance.now() < deadline, 'the platform took too long');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };

    test('says what it is', async () => {
      const { manifest } = connector;
      assert.equal(manifest.contract, 1);
      assert.ok(manifest.units.includes(sample.kind));
      assert.ok(manifest.settleMs >= 0);
      assert.equal(manifest.supports.watch, connector.watch !== undefined);
      const facts = await connector.probe(context());
      assert.equal(facts.kind, manifest.kind);
      assert.equal(facts.healthy, true);
    });

    test('ensure twice is one unit, with tag, incarnation and digest', async () => {
      const wanted = unit();
      const first = await connector.ensure(context(), wanted);
      const second = await connector.ensure(context(), wanted);
      assert.equal(first.platformId, second.platformId);
      const found = await seen(wanted.key);
      assert.equal(found.length, 1);
      const { incarnation, specDigest, kind, drifted } = found[0]!;
      assert.deepEqual(
        { incarnation, specDigest, kind, drifted },
        { incarnation: wanted.incarnation, specDigest: wanted.specDigest, kind: wanted.kind, drifted: false },
      );
    });

    test('two ensures at the same time are one unit', async () => {
      const wanted = unit();
      await Promise.allSettled([connector.ensure(context(), wanted), connector.ensure(context(), wanted)]);
      assert.equal((await seen(wanted.key)).length, 1);
    });

    test('after a crash between "created" and "recorded" the unit is found, and ensure makes no second', async () => {
      const wanted = unit();
      await connector.ensure(context(), wanted);
      await connector.close();
      connector = await platform.open();
      assert.equal((await seen(wanted.key))[0]?.incarnation, wanted.incarnation);
      await connector.ensure(context(), wanted);
      assert.equal((await seen(wanted.key)).length, 1);
    });

    test('two incarnations of one unit are told apart', async () => {
      const older = unit();
      const newer = unit({ key: older.key });
      await connector.ensure(context(), older);
      await connector.ensure(context(), newer);
      assert.equal((await seen(older.key)).length, 2);
      await connector.remove(context(), older);
      await until(async () => (await seen(older.key)).length === 1);
      assert.equal((await seen(older.key))[0]?.incarnation, newer.incarnation);
    });

    test('remove twice; absence is success', async () => {
      const wanted = unit();
      await connector.ensure(context(), wanted);
      await connector.remove(context(), wanted);
      await connector.remove(context(), wanted);
      await until(async () => (await seen(wanted.key)).length === 0);
      await connector.remove(context(), unit());
    });

    test('what belongs to others is neither seen nor touched', async () => {
      const foreign = unit({ owner: theirs });
      await connector.ensure(context(), foreign);
      assert.deepEqual(await seen(foreign.key), []);
      await connector.remove(context(), { ...foreign, owner: ours }).catch(() => undefined);
      const still = await connector.observe(context(), theirs);
      assert.equal(still.filter((observed) => observed.key === foreign.key).length, 1);
    });

    test('an update changes the unit in place and never makes one', async (t) => {
      if (!connector.manifest.supports.updateInPlace || options.inPlace === undefined)
        return t.skip('no update in place');
      const wanted = unit();
      const { platformId } = await connector.ensure(context(), wanted);
      const changed = unit({
        key: wanted.key,
        incarnation: wanted.incarnation,
        spec: { ...sample.spec, ...options.inPlace },
        mustExist: true,
      });
      const updated = await connector.ensure(context(), changed);
      assert.equal(updated.platformId, platformId);
      assert.equal(updated.specDigest, changed.specDigest);
      const absent = unit({ mustExist: true });
      await assert.rejects(connector.ensure(context(), absent), { code: 'NotFound' });
      assert.deepEqual(await seen(absent.key), []);
    });

    test('a change that cannot be made in place is refused as such', async (t) => {
      if (options.replacing === undefined) return t.skip('every change can be made in place');
      const wanted = unit();
      await connector.ensure(context(), wanted);
      const spec = { ...sample.spec, ...options.replacing };
      const changed = unit({ key: wanted.key, incarnation: wanted.incarnation, spec, mustExist: true });
      await assert.rejects(connector.ensure(context(), changed), (error) => {
        assert.ok(isSkerryError(error));
        assert.equal(error.code, 'PlatformRefused');
        assert.equal(error.details['needsReplacement'], true);
        return true;
      });
      assert.equal((await seen(wanted.key))[0]?.specDigest, wanted.specDigest);
    });

    test('drift is visible', async (t) => {
      if (platform.drift === undefined) return t.skip('this platform cannot be changed behind our back in a test');
      const wanted = unit();
      await connector.ensure(context(), wanted);
      await platform.drift(wanted.key);
      await until(async () => (await seen(wanted.key))[0]?.drifted === true);
    });

    test('a spec that is not understood is refused, and makes nothing', async () => {
      for (const input of [null, 'text', [], {}, { name: 7 }])
        assert.equal(connector.parseSpec(sample.kind, input).ok, false, JSON.stringify(input));
      const strange = unitKinds.find((kind) => !connector.manifest.units.includes(kind));
      if (strange !== undefined) assert.equal(connector.parseSpec(strange, sample.spec).ok, false, strange);
      assert.equal(connector.parseSpec(sample.kind, sample.spec).ok, true);
      const broken = unit({ spec: {} });
      await assert.rejects(connector.ensure(context(), broken), { code: 'PlatformRefused' });
      assert.deepEqual(await seen(broken.key), []);
    });

    test('an abort ends a call within a second', async (t) => {
      if (platform.hangNextEnsure === undefined) return t.skip('this platform cannot be made to hang in a test');
      await platform.hangNextEnsure();
      const controller = new AbortController();
      const call = connector.ensure(context(controller.signal), unit());
      call.catch(() => undefined);
      await new Promise((resolve) => setImmediate(resolve));
      const before = performance.now();
      controller.abort();
      await assert.rejects(
        call,
        (error) => isSkerryError(error) && ['PlatformInDoubt', 'Aborted'].includes(error.code),
      );
      assert.ok(performance.now() - before < 1000);
    });

    test('a call with a signal that is aborted already does nothing', async () => {
      const wanted = unit();
      await assert.rejects(connector.ensure(context(AbortSignal.abort()), wanted));
      assert.deepEqual(await seen(wanted.key), []);
    });

    test('after close every call rejects', async () => {
      const closed = await platform.open();
      await closed.close();
      await closed.close();
      await assert.rejects(closed.probe(context()), { code: 'Aborted' });
      await assert.rejects(closed.observe(context(), ours), { code: 'Aborted' });
      await assert.rejects(closed.ensure(context(), unit()), { code: 'Aborted' });
      await assert.rejects(closed.remove(context(), unit()), { code: 'Aborted' });
    });

    test('the watch wakes, and ends with its signal', async (t) => {
      if (connector.watch === undefined) return t.skip('no watch');
      const controller = new AbortController();
      let wake = (_key: ObjectKey | undefined) => {};
      const woken = new Promise<ObjectKey | undefined>((resolve) => {
        wake = resolve;
      });
      const ended = connector.watch(context(controller.signal), ours, (key) => wake(key));
      const wanted = unit();
      await connector.ensure(context(), wanted);
      const key = await woken;
      assert.ok(key === undefined || key === wanted.key);
      controller.abort();
      await ended;
    });
  });
}
