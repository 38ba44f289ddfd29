import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packedRecordOf, packRecord, type UnitRecord, unpackRecord } from './unit-record.ts';

const record = { format: 1, key: 'manifests/web', unitName: 'u-1', namespace: 'edge', step: 'done' } as UnitRecord;

test('a record survives its Secret', () => {
  const packed = packedRecordOf(packRecord(record, 'agent-1'));
  assert.ok(packed !== undefined);
  assert.deepEqual(unpackRecord(packed), record);
});

test('what is kept of a record holds no more memory than it needs', () => {
  const packed = packedRecordOf(packRecord(record, 'agent-1'));
  assert.equal(packed?.buffer.byteLength, packed?.length);
});

test('a Secret that is no record, or was scribbled over, is none', () => {
  const secret = packRecord(record, 'agent-1');
  assert.equal(packedRecordOf({ ...secret, type: 'Opaque' }), undefined);
  assert.equal(packedRecordOf({ ...secret, data: {} }), undefined);
  const scribbled = packedRecordOf({ ...secret, data: { record: '%%% no base64' } });
  assert.equal(scribbled === undefined ? undefined : unpackRecord(scribbled), undefined);
});
