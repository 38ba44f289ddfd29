import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Application } from '#shared/model/clusters.ts';
import { type Digest, type InfraId, id, type ProfileId } from '#shared/model/ids.ts';
import { compileProfile } from './compile-profile.ts';
import { parseProfileScope, profileScope } from './profile-scope.ts';

const place = { id: 'attachment-1', profileId: id<ProfileId>('p-1'), infraId: id<InfraId>('i-1') };

function application(name: string, change: Partial<Application> = {}): Application {
  return {
    id: `id-${name}`,
    profileId: place.profileId,
    name,
    revision: 1,
    bytes: 10,
    kind: 'helm-release',
    namespace: name,
    releaseName: name,
    chart: 'repo/chart',
    values: {},
    order: 0,
    createdAt: 0,
    modifiedAt: 0,
    ...change,
  };
}

test('a chart becomes a release, a folder of manifests and objects become manifests', () => {
  const digest = id<Digest>('sha256:aa');
  const objects = [{ kind: 'ConfigMap' }];
  const compiled = compileProfile(
    [
      application('a', { version: '1.0', digest, values: { x: 1 }, timeoutS: 60 }),
      application('b', { kind: 'manifests', digest }),
      application('c', { kind: 'manifests', manifests: objects, chart: undefined }),
    ],
    place,
  ).map(({ body }) => (body.type === 'unit' ? { kind: body.kind, ...body.spec } : undefined));
  const common = { replicas: {}, services: [] };
  assert.deepEqual(compiled, [
    {
      kind: 'helm-release',
      ...common,
      name: 'a',
      namespace: 'a',
      chart: 'repo/chart',
      version: '1.0',
      chartDigest: digest,
      values: { x: 1 },
      timeoutS: 60,
    },
    { kind: 'manifests', ...common, name: 'b', namespace: 'b', folderDigest: digest },
    { kind: 'manifests', ...common, name: 'c', namespace: 'c', objects },
  ]);
});

test('keys are the same as long as application and attachment are, and others otherwise', () => {
  const key = (change: Partial<Application>, at = place) => compileProfile([application('a', change)], at)[0]?.key;
  assert.equal(key({}), key({ revision: 7, values: { x: 1 } }));
  assert.match(key({}) ?? '', /^helm-release\/[0-9a-f-]{36}$/);
  assert.notEqual(key({}), key({ id: 'another' }));
  assert.notEqual(key({}), key({}, { ...place, id: 'attachment-2' }));
  assert.equal(key({}), key({}, { ...place, id: 'attachment-2', seeds: { 'id-a': 'attachment-1' } } as typeof place));
});

test('each order stands on the next lower one that there is; no order stands on itself', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(4), { maxLength: 8 }), (orders) => {
      const applications = orders.map((order, index) => application(`a${index}`, { order }));
      const compiled = compileProfile(applications, place);
      const orderOf = new Map(compiled.map(({ key }, index) => [key, orders[index] ?? 0]));
      compiled.forEach(({ dependsOn }, index) => {
        const order = orders[index] ?? 0;
        const below = Math.max(-1, ...orders.filter((other) => other < order));
        assert.equal(dependsOn.length, orders.filter((other) => other === below).length);
        for (const key of dependsOn) assert.equal(orderOf.get(key), below);
      });
    }),
  );
});

test('a scope of a profile is read as what it was made of; an NS instance’s is none', () => {
  assert.deepEqual(parseProfileScope(profileScope(place)), { profileId: 'p-1', infraId: 'i-1' });
  for (const other of ['', 'profile', 'profile:a', 'profile:a:b:c', '6f0c3a52-0000-4000-8000-000000000000'])
    assert.equal(parseProfileScope(other), undefined);
});
