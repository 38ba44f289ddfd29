import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '#shared/runtime/virtual-clock.ts';
import type { KubernetesApi } from '../api/kubernetes-api.ts';
import { MissingSentences } from './missing-sentences.ts';

const signal = new AbortController().signal;
const found = { denied: [], helm: undefined, features: ['multus'], signal };

function reviews(clock: VirtualClock) {
  const asked: string[] = [];
  const denied = new Set<string>();
  const request = async ({ body }: { body: { spec: { resourceAttributes: { verb: string; resource: string } } } }) => {
    const { verb, resource } = body.spec.resourceAttributes;
    asked.push(`${verb} ${resource}`);
    return { status: 201, body: { status: { allowed: !denied.has(`${verb} ${resource}`) } } };
  };
  const missing = new MissingSentences({ api: { request } as unknown as KubernetesApi, clock });
  return { asked, denied, missing };
}

test('what is allowed is not asked for at every look, what is missing is', async () => {
  const { asked, denied, missing } = reviews(new VirtualClock());
  denied.add('patch secrets');
  const [sentence] = await missing.of(found);
  assert.match(sentence ?? '', /may not patch secrets.*rbac\.yaml/);
  asked.length = 0;
  denied.clear();
  assert.deepEqual(await missing.of(found), []);
  assert.deepEqual(asked, ['patch secrets']);
  asked.length = 0;
  assert.deepEqual(await missing.of(found), []);
  assert.deepEqual(asked, []);
});

test('rights that were taken away meanwhile are noticed within the hour', async () => {
  const clock = new VirtualClock();
  const { denied, missing } = reviews(clock);
  await missing.of(found);
  denied.add('create namespaces');
  assert.deepEqual(await missing.of(found), []);
  await clock.advance(3_600_000);
  assert.equal((await missing.of(found)).length, 1);
  assert.equal((await missing.of({ ...found, namespaces: ['edge'] })).length, 0);
});
