import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { NsModel, VnfModel } from '../descriptor/index.ts';
import { readPackage } from './index.ts';

const data = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const skip = existsSync(data) ? false : 'the data folder ../shared/data is not there';

const soundPackage = async (path: string) => {
  const read = await readPackage(`${data}${path}`, undefined);
  const errors = read.complaints.filter(({ severity }) => severity === 'error');
  assert.deepEqual(errors, [], path);
  return read;
};

test('every package of the field is sound', { skip }, async () => {
  for (const name of readdirSync(`${data}packages`)) {
    if (name !== 'legacy-r8') assert.ok((await soundPackage(`packages/${name}`)).descriptor.model !== undefined);
  }
});

test('every legacy package translates', { skip }, async () => {
  for (const name of readdirSync(`${data}packages/legacy-r8`)) {
    const { descriptor } = await soundPackage(`packages/legacy-r8/${name}`);
    assert.equal(descriptor.report.format, 'legacy-osm');
    assert.ok(descriptor.report.translated.length > 0 && descriptor.model !== undefined);
  }
});

test('the models of the field packages are what their authors meant', { skip }, async () => {
  const basic = (await soundPackage('packages/hackfest_basic_vnf')).descriptor.model as VnfModel;
  const [vdu] = basic.vdus;
  assert.deepEqual([vdu?.vcpus, vdu?.memoryMib, vdu?.rootDiskGib], [1, 1024, 15]);
  assert.deepEqual(
    vdu?.alternativeImages.map(({ vimType }) => vimType),
    ['aws', 'azure', 'gcp', 'kubevim'],
  );
  assert.equal(basic.descriptorVersion, '1.0');
  const service = (await soundPackage('packages/ubuntu_data_ns')).descriptor.model as NsModel;
  assert.deepEqual(service.virtualLinks[1]?.provider, { physicalNetwork: 'ens9', segmentationId: '30' });
  const epa = (await soundPackage('packages/legacy-r8/hackfest_epasriov_vnf')).descriptor.model as VnfModel;
  assert.deepEqual(
    epa.vdus[1]?.ports.map(({ vnicType }) => vnicType),
    ['PARAVIRT', 'SR-IOV'],
  );
});

test("ETSI's own examples onboard", { skip }, async () => {
  const examples = 'etsi/yang/v4.3.1/example-data';
  for (const name of readdirSync(`${data}${examples}`)) await soundPackage(`${examples}/${name}`);
  const { descriptor } = await soundPackage(`${examples}/nfv.xml`);
  assert.equal(descriptor.kind, 'nsd');
  assert.deepEqual(
    descriptor.others?.map(({ kind }) => kind),
    ['vnfd', 'vnfd', 'nsd', 'nsd', 'pnfd'],
  );
});
