import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type InfraId, id, type ObjectKey } from '#shared/model/ids.ts';
import { objectDigest } from '#shared/wire/index.ts';
import { diffScope } from './diff.ts';
import { type NewObject, unitObject } from './new-object.ts';

function volume(key: string, sizeGib: number): NewObject {
  const spec = { name: key, sizeGib, keep: false, multiattach: false };
  const draft = { key: id<ObjectKey>(`volume/${key}`), kind: 'volume' as const, infraId: id<InfraId>('i'), spec };
  return unitObject('ns1', draft, undefined);
}

const asStored = (object: NewObject) => ({ ...object, revision: 1, digest: objectDigest(object) });

test('minimal: what is equal is left alone, what differs is written, what is not wanted gets a named tombstone', () => {
  const documents = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.integer({ min: 1, max: 3 }));
  fc.assert(
    fc.property(documents, documents, (present, wanted) => {
      const stored = Object.entries(present).map(([key, size]) => asStored(volume(key, size)));
      const objects = Object.entries(wanted).map(([key, size]) => volume(key, size));
      const { upserts, tombstones } = diffScope('ns1', stored, objects, 'op1');
      const differing = Object.entries(wanted).filter(([key, size]) => present[key] !== size);
      assert.deepEqual(upserts.map((object) => object.key).sort(), differing.map(([key]) => `volume/${key}`).sort());
      const gone = Object.keys(present).filter((key) => !(key in wanted));
      assert.deepEqual(tombstones.map((each) => each.key).sort(), gone.map((key) => `volume/${key}`).sort());
      assert.ok(tombstones.every((each) => each.opId === 'op1' && each.scope === 'ns1'));
    }),
  );
});

test('an attempt by the operator is a difference', () => {
  const object = volume('a', 1);
  const again = unitObject('ns1', { ...draftOf(object), key: object.key }, 1);
  assert.equal(diffScope('ns1', [asStored(object)], [again], 'op').upserts.length, 1);
});

function draftOf(object: NewObject) {
  const body = object.body as unknown as {
    spec: { name: string; sizeGib: number; keep: boolean; multiattach: boolean };
  };
  return { kind: 'volume' as const, infraId: id<InfraId>('i'), spec: body.spec };
}
