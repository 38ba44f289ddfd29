import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { DesiredUnit } from '#shared/connector/index.ts';
import { type Incarnation, id, type ObjectKey, type OwnerId } from '#shared/model/ids.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { finish, firstRecord, giveUp, nextRecord } from './release-changes.ts';
import type { RenderedUnit } from './render-unit.ts';
import { packedRecordOf, packRecord, type UnitRecord, unpackRecord } from './unit-record.ts';

const object = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'n' },
});
const rendered = (...names: string[]): RenderedUnit => ({
  namespace: 'n',
  objects: names.map(object),
  hooks: [],
  definitions: [],
  timeoutS: 60,
  releaseName: 'r',
});
const unit = (revision: number, specDigest: string): DesiredUnit => ({
  key: id<ObjectKey>('helm-release/a'),
  kind: 'helm-release',
  owner: id<OwnerId>('agent'),
  incarnation: id<Incarnation>('1-aa'),
  name: '00000000-0000-5000-8000-000000000000',
  spec: { services: [{ name: 'web', management: true }] },
  specDigest,
  revision,
  dependencies: {},
});
const names = (record: UnitRecord) => record.target.objects.map(({ metadata }) => metadata.name);
const left = (record: UnitRecord) => record.leftovers.map(({ name }) => name).sort();

describe('release changes', () => {
  const installed = finish(firstRecord(unit(1, 'A'), rendered('a', 'b')), { a: 'x' }, 10);

  test('an install that works', () => {
    assert.equal(installed.step, 'done');
    assert.deepEqual(installed.target.fields, { a: 'x' });
    assert.deepEqual(installed.services, [{ name: 'web' }]);
    assert.deepEqual(
      installed.history.map(({ no, status }) => `${no} ${status}`),
      ['1 deployed'],
    );
  });

  test('an upgrade names what the new chart no longer has, and keeps what worked', () => {
    const next = nextRecord(installed, unit(2, 'B'), rendered('b', 'c'));
    assert.deepEqual([next.step, next.target.no, next.target.cause], ['applying', 2, 'upgrade']);
    assert.deepEqual(left(next), ['a']);
    assert.equal(next.former?.no, 1);
    const done = finish(next, {}, 20);
    assert.equal(done.former, undefined);
    assert.deepEqual(
      done.history.map(({ no, status }) => `${no} ${status}`),
      ['2 deployed', '1 superseded'],
    );
  });

  test('hooks come first where there are some for what is done', () => {
    const hook = {
      ...object('h'),
      metadata: { ...object('h').metadata, annotations: { 'helm.sh/hook': 'pre-upgrade' } },
    };
    const withHook = { ...rendered('a'), hooks: [hook] };
    assert.equal(firstRecord(unit(1, 'A'), withHook).step, 'applying');
    assert.equal(nextRecord(installed, unit(2, 'B'), withHook).step, 'before');
  });

  test('an upgrade that fails goes back, says so once it is back, and keeps saying it of that revision only', () => {
    const failed = giveUp(nextRecord(installed, unit(2, 'B'), rendered('b', 'c')), 'no image', 30);
    assert.deepEqual([failed.step, failed.target.no, failed.target.cause], ['applying', 3, 'rollback']);
    assert.deepEqual(names(failed), ['a', 'b']);
    assert.deepEqual(left(failed), ['c']);
    assert.equal(failed.givenUp?.isRollingBack, true);
    const back = finish(failed, {}, 40);
    assert.deepEqual(back.givenUp, {
      revision: 2,
      reason: 'no image; rolled back to revision 1',
      isRollingBack: false,
    });
    assert.equal(back.target.specDigest, 'A');
    assert.equal(back.askedDigest, 'B');
    assert.deepEqual(
      back.history.map(({ no, status }) => `${no} ${status}`),
      ['3 deployed', '2 failed', '1 superseded'],
    );
    const again = nextRecord(back, unit(3, 'B'), rendered('b', 'c'));
    assert.equal(again.givenUp, undefined);
    assert.deepEqual([again.target.no, again.former?.no], [4, 3]);
  });

  test('an install that fails stays as it is, and is well once it works after all', () => {
    const failed = giveUp({ ...firstRecord(unit(1, 'A'), rendered('a')), step: 'applying' }, 'slow', 30);
    assert.deepEqual([failed.step, failed.target.no, failed.givenUp?.isRollingBack], ['applying', 1, false]);
    const done = finish(failed, {}, 40);
    assert.equal(done.givenUp, undefined);
  });

  test('a roll-back that fails too leaves both reasons', () => {
    const failed = giveUp(nextRecord(installed, unit(2, 'B'), rendered('c')), 'no image', 30);
    const worse = giveUp(failed, 'no room', 40);
    assert.match(worse.givenUp!.reason, /no image; rolled back to revision 1; and that failed too: no room/);
    assert.equal(worse.givenUp?.isRollingBack, false);
  });

  test('another spec before the first one worked is an install still, and forgets nothing that was made', () => {
    const next = nextRecord(
      { ...firstRecord(unit(1, 'A'), rendered('a')), step: 'applying' },
      unit(2, 'B'),
      rendered('b'),
    );
    assert.deepEqual([next.target.cause, next.former, left(next)], ['install', undefined, ['a']]);
  });

  test('whatever happens, every object ever made is in the target or among the leftovers, and numbers only grow', () => {
    const change = fc.oneof(
      fc.record({
        do: fc.constant('next' as const),
        names: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 }),
      }),
      fc.record({ do: fc.constant('fail' as const) }),
      fc.record({ do: fc.constant('finish' as const) }),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        let record = firstRecord(unit(1, 'A'), rendered('a'));
        const made = new Set(names(record));
        for (const [index, step] of changes.entries()) {
          const before = record.target.no;
          if (step.do === 'next') record = nextRecord(record, unit(index + 2, `S${index}`), rendered(...step.names));
          else if (record.step !== 'done')
            record = step.do === 'fail' ? giveUp(record, 'x', index) : finish(record, {}, index);
          if (record.step === 'done') made.clear();
          for (const name of names(record)) made.add(name);
          const known = new Set([...names(record), ...left(record)]);
          for (const name of made) assert.ok(known.has(name), `${name} is forgotten`);
          assert.ok(record.target.no >= before);
          assert.ok(record.history.length <= 10);
          assert.equal(
            left(record).some((name) => names(record).includes(name)),
            false,
          );
        }
      }),
    );
  });

  test('a record survives its Secret; what somebody broke is no record', () => {
    const secret = packRecord(installed, 'agent');
    assert.deepEqual(unpackRecord(packedRecordOf(secret)!), installed);
    assert.equal(unpackRecord(Buffer.from('nonsense')), undefined);
    assert.equal(packedRecordOf({ ...secret, type: 'Opaque' }), undefined);
  });
});
