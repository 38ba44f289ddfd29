import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VnfModel } from '#shared/descriptor/vnf-model.ts';
import { digestOf } from '#shared/wire/digest.ts';
import { chartDigests } from './chart-digests.ts';

const kdu = (name: string, helmChart?: string) => ({ name, helmChart, services: [] });
const file = (path: string, sha256: string) => ({ path, bytes: 1, sha256 });

test('a chart of the package has a digest, one of a repository has none', () => {
  const model = {
    kdus: [kdu('archive', 'db'), kdu('folder', 'web'), kdu('remote', 'stable/openldap:1.2.7'), kdu('none')],
  } as unknown as VnfModel;
  const files = [
    file('vnfd.yaml', '00'),
    file('helm-charts/db.tgz', 'aa'),
    file('helm-charts/web/values.yaml', 'cc'),
    file('helm-charts/web/Chart.yaml', 'bb'),
    file('helm-charts/webbing/Chart.yaml', 'dd'),
  ];
  const folder = digestOf([
    ['Chart.yaml', 'bb'],
    ['values.yaml', 'cc'],
  ]);
  assert.deepEqual(chartDigests(model, 'vnfd.yaml', files), { archive: 'sha256:aa', folder });
  assert.deepEqual(chartDigests(model, 'vnfd.yaml', [...files].reverse()), { archive: 'sha256:aa', folder });
});
