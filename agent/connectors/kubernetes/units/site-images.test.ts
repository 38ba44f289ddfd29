import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../objects/kube-object.ts';
import { pullFromSite } from './site-images.ts';

test('images that travelled are named in the site’s registry, in every container of every pod', () => {
  const pod = {
    spec: {
      containers: [{ image: 'docker.io/edge/web:1' }, { image: 'other:2' }],
      initContainers: [{ image: 'edge/web:1' }],
    },
  };
  const deployment: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a' },
    spec: { template: structuredClone(pod) },
  };
  const cron: KubeObject = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'b' },
    spec: { jobTemplate: { spec: { template: structuredClone(pod) } } },
  };
  const single = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'c' },
    spec: structuredClone(pod.spec),
  } as KubeObject;
  pullFromSite([deployment, cron, single], [{ reference: 'registry.example/edge/web:1' }], {
    url: 'https://site:5000/',
  });
  for (const object of [deployment, cron, single]) {
    const images = [...JSON.stringify(object).matchAll(/"image":"([^"]+)"/g)].map(([, image]) => image).sort();
    assert.deepEqual(images, ['other:2', 'site:5000/edge/web:1', 'site:5000/edge/web:1']);
  }
});

test('another tag, a digest and nonsense stay as they are; nodes may know the registry by another name', () => {
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'c' },
    spec: {
      containers: [
        { image: 'edge/web:2' },
        { image: `edge/web@sha256:${'a'.repeat(64)}` },
        { image: 'UPPER CASE' },
        { image: 'edge/web:1' },
      ],
    },
  } as unknown as KubeObject;
  pullFromSite([object], [{ reference: 'edge/web:1' }], { url: 'http://127.0.0.1:5000', pullFrom: 'registry.site' });
  const images = [...JSON.stringify(object).matchAll(/"image":"([^"]+)"/g)].map(([, image]) => image);
  assert.deepEqual(images, [
    'edge/web:2',
    `edge/web@sha256:${'a'.repeat(64)}`,
    'UPPER CASE',
    'registry.site/edge/web:1',
  ]);
});

test('a short name and the long one are the same image; it is pulled by the name that it was pushed under', () => {
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'c' },
    spec: { containers: [{ image: 'busybox:1' }, { image: 'docker.io/library/busybox:1' }] },
  } as unknown as KubeObject;
  pullFromSite([object], [{ reference: 'docker.io/library/busybox:1' }], { url: 'https://site' });
  const images = [...JSON.stringify(object).matchAll(/"image":"([^"]+)"/g)].map(([, image]) => image);
  assert.deepEqual(images, ['site/library/busybox:1', 'site/library/busybox:1']);
});
