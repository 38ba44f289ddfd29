import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { validatePackages } from './package-validate.ts';

const samples = fileURLToPath(new URL('../../deploy/samples', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'skerry-validate-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function validate(paths: string[], output: 'text' | 'json' = 'text') {
  const lines: string[] = [];
  return { code: await validatePackages(paths, output, (line) => lines.push(line)), lines };
}

test('the samples are sound, together and one by one', async () => {
  const { code, lines } = await validate([samples]);
  assert.equal(code, 0);
  assert.ok(lines.every((line) => line.includes(': warning: ')));
  assert.equal((await validate([join(samples, 'router_vnf')])).code, 0);
  assert.equal((await validate([join(samples, 'cache_vnf', 'cache_vnfd.yaml')])).code, 0);
});

test('a fault is one line with its place, and the code is 1', async () => {
  const broken = join(folder, 'router_vnf');
  cpSync(join(samples, 'router_vnf'), broken, { recursive: true });
  const path = join(broken, 'router_vnfd.yaml');
  writeFileSync(path, readFileSync(path, 'utf8').replace('mgmt-cp: mgmt-ext', 'mgmt-cp: mgmt-exd'));
  const { code, lines } = await validate([broken]);
  assert.equal(code, 1);
  const line = lines.find((each) => !each.includes('warning: '));
  assert.equal(line, `${path}:10:12 vnfd/mgmt-cp: 'mgmt-exd' is not the id of any ext-cpd; did you mean 'mgmt-ext'`);
});

test('a service is checked against the VNFDs of the same call', async () => {
  const service = join(folder, 'service');
  cpSync(join(samples, 'single_vm_ns'), service, { recursive: true });
  const path = join(service, 'single_vm_nsd.yaml');
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replace('constituent-cpd-id: mgmt-ext', 'constituent-cpd-id: mgmt-x'));
  assert.equal((await validate([service])).code, 0);
  const { code, lines } = await validate([service, join(samples, 'router_vnf')]);
  assert.equal(code, 1);
  assert.ok(lines.some((line) => line.startsWith(`${path}:`) && line.includes("ext-cpd of VNFD 'router_vnf'")));
  const elsewhere = await validate([join(samples, 'single_vm_ns'), join(samples, 'probe_knf')]);
  assert.equal(elsewhere.code, 0);
  assert.ok(elsewhere.lines.some((line) => line.includes('warning:') && line.includes('router_vnf')));
});

test('json for machines; a missing path is 2; a folder with nothing is 1', async () => {
  const { code, lines } = await validate([join(samples, 'probe_knf'), join(folder, 'nowhere')], 'json');
  assert.equal(code, 2);
  const results = JSON.parse(lines.join('\n')) as { kind: string | null; id: string | null; sound: boolean }[];
  assert.deepEqual(
    results.map(({ kind, id, sound }) => [kind, id, sound]),
    [
      [null, null, false],
      ['vnfd', 'probe_knf', true],
    ],
  );
  const empty = mkdtempSync(join(folder, 'empty-'));
  assert.equal((await validate([empty])).code, 1);
});
