import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Ajv } from 'ajv';
import { id as brand } from '#shared/model/ids.ts';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { createMemoryStore } from '#shared/store/index.ts';
import { createNotifier } from '../../notify/index.ts';
import { createNorthbound, type Northbound } from '../index.ts';

const file = new URL('../../../../shared/data/etsi/openapi/SOL005-3.7.1-NSLifecycleManagement.json', import.meta.url);

/** ETSI's schemas without the known defects of the file. */
function etsiSchemas() {
  const document = JSON.parse(readFileSync(file, 'utf8'));
  const { schemas } = document.components;
  // Says "formatted according to the request data type", yet gives the enumeration of operation names.
  schemas.NsLcmOpOcc.properties.operationParams = { type: 'object' };
  // The rule is about `changedInfo`, whose members are not members of AffectedVnf.
  delete schemas.AffectedVnf.anyOf;
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: 'etsi', ...document });
  return (schema: string, body: unknown) => {
    const check = ajv.getSchema(`etsi#/components/schemas/${schema}`)!;
    assert.ok(check(body), `${schema}: ${ajv.errorsText(check.errors)}`);
  };
}

const placement = { siteId: 's', agentId: 'a', infraId: 'vim-1', amount: {}, explanation: ['Only site that fits.'] };
const unit = {
  key: 'compute/1',
  kind: 'compute',
  part: 'vdu',
  index: 0,
  phase: 'ready',
  ready: true,
  message: '',
  platformId: 'vm-1',
  addresses: { eth0: ['10.0.0.5', 'fd00::5'] },
  ageMs: 10,
  fresh: true,
};
const vnf = { id: 'v1', name: 'vnf', vnfdId: 'vnfd', vnfPackageId: 'pkg', profileId: '1', state: 'INSTANTIATED' };
const desired = {
  scaleLevels: { aspect: 1 },
  networks: [{ virtualLinkId: 'mgmt', infraId: 'vim-1', vimNetworkName: 'mgmt-net' }],
  vnfs: [{ vnfInstanceId: 'v1', vnfPackageRevision: 1, flavourId: 'df', scaleLevels: { out: 2 }, placement }],
};
const ns = {
  ...{ id: 'ns1', projectId: 'p1', name: 'edge', description: '', nsdInfoId: 'info', nsdId: 'nsd', flavourId: 'df' },
  ...{ state: 'INSTANTIATED', desired, createdAt: 1, modifiedAt: 2 },
};
const operation = {
  ...{ id: 'op1', nsInstanceId: 'ns1', projectId: 'p1', type: 'INSTANTIATE', state: 'COMPLETED' },
  ...{ stateEnteredAt: 5, startedAt: 4, params: { nsFlavourId: 'df' }, isAutomatic: false, isCancelPending: false },
  ...{ before: null, goal: desired, explanation: [], affectedVnfIds: ['v1'], removedVnfIds: [], warnings: ['careful'] },
};
const vnfView = { vnf, siteName: 'site-a', infraName: 'vim', managementAddress: '10.0.0.5', units: [unit] };
const nsView = { ns, etag: '7', vnfs: [vnfView] };
const opView = { operation, etag: '3', progress: { total: 1, ready: 1, sites: [] } };
const model = {
  ...{ provider: 'P', productName: 'N', softwareVersion: '1', descriptorVersion: '1.0', kdus: [] },
  vdus: [{ id: 'vdu', ports: [{ id: 'int', name: 'eth0', extCpId: 'ext' }] }],
};
const infra = {
  ...{ id: 'vim-1', name: 'vim', kind: 'simulated', connected: true, schedulable: true },
  status: {
    facts: {
      healthy: true,
      capacity: {
        total: { vcpus: 8, memoryMib: 1024, storageGib: 100 },
        used: { vcpus: 2, memoryMib: 256, storageGib: 10 },
      },
    },
    reportedAt: 3,
  },
  ledger: { reserved: { vcpus: 3, memoryMib: 256, storageGib: 10 } },
};
const calls: unknown[][] = [];
const answer =
  (name: string, value: unknown) =>
  async (...parameters: unknown[]) => {
    calls.push([name, ...parameters.slice(1)]);
    return value;
  };
const lcm = Object.fromEntries(
  ['instantiate', 'scale', 'heal', 'terminate', 'retry', 'rollback', 'continue', 'fail', 'cancel']
    .map((name) => [name, answer(name, operation)])
    .concat([
      ['createNs', answer('createNs', { ...ns, state: 'NOT_INSTANTIATED', desired: undefined })],
      ['deleteNs', answer('deleteNs', undefined)],
    ]),
);
const principal = { username: 'ada', projectId: brand('p1') };
let northbound: Northbound;
const notifier = createNotifier({
  ...{ store: createMemoryStore(), clock: systemClock, random: systemRandom, log: silentLogger },
  secretKey: Buffer.alloc(32, 1),
  fetch: async () => new Response(null, { status: 204 }),
});

before(async () => {
  northbound = createNorthbound({
    lcm,
    queries: {
      ns: async () => nsView,
      listNs: async () => [nsView],
      operation: async () => opView,
      listOperations: async () => [opView],
      vnf: async () => vnfView,
    },
    inventory: { infras: async () => [infra], infra: async () => infra },
    identity: {
      authenticate: async () => principal,
      authorize() {},
      login: async ({ username }: { username: string }) => ({ token: `t-${username}`, expiresAt: Date.now() + 60_000 }),
      logout: async () => {},
    },
    catalog: { vnfModel: async () => ({ model }) },
    ...{ subscriptions: notifier.subscriptions, clock: systemClock, log: silentLogger },
    ...{ host: '127.0.0.1', port: 0 },
  } as never);
  await northbound.start();
});
after(() => northbound.stop());

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${northbound.address().url}${path}`, {
    method,
    headers: {
      authorization: 'Bearer t',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: text === '' ? undefined : JSON.parse(text) };
}

test('every answer of a scripted run fits the schemas of ETSI', {
  skip: !existsSync(file) && 'no ../shared/data',
}, async () => {
  const validate = etsiSchemas();
  const created = await call('POST', '/nslcm/v2/ns_instances', { nsdId: 'nsd', nsName: 'edge', nsDescription: '' });
  assert.equal(created.status, 201);
  validate('NsInstance', created.json);
  assert.equal(created.headers.get('location'), `${northbound.address().url}/nslcm/v2/ns_instances/ns1`);
  const one = await call('GET', '/nslcm/v2/ns_instances/ns1');
  validate('NsInstance', one.json);
  assert.equal(one.json.vnfInstance[0].vnfProductName, 'N');
  assert.equal(one.json.vnfInstance[0].instantiatedVnfInfo.extCpInfo[0].cpdId, 'ext');
  const all = await call('GET', '/nslcm/v2/ns_instances?all_fields');
  validate('NsInstance', all.json[0]);
  validate('NsInstance', (await call('GET', '/nslcm/v2/ns_instances')).json[0]);
  validate('NsLcmOpOcc', (await call('GET', '/nslcm/v2/ns_lcm_op_occs/op1')).json);
  validate('NsLcmOpOcc', (await call('GET', '/nslcm/v2/ns_lcm_op_occs?all_fields')).json[0]);
  validate('NsLcmOpOcc', (await call('POST', '/nslcm/v2/ns_lcm_op_occs/op1/fail')).json);
  const filter = { operationStates: ['COMPLETED'] };
  const subscription = await call('POST', '/nslcm/v2/subscriptions', { callbackUri: 'http://oss/', filter });
  assert.equal(subscription.status, 201);
  validate('LccnSubscription', subscription.json);
  validate('LccnSubscription', (await call('GET', `/nslcm/v2/subscriptions/${subscription.json.id}`)).json);
  assert.equal((await call('DELETE', `/nslcm/v2/subscriptions/${subscription.json.id}`)).status, 204);
  validate('ProblemDetails', (await call('GET', '/nslcm/v2/nothing')).json);
  validate('ApiVersionInformation', (await call('GET', '/nslcm/api_versions')).json);
});

test('tasks answer 202 with the Location of the operation', async () => {
  const bodies: Record<string, unknown> = {
    'ns_instances/ns1/instantiate': { nsFlavourId: 'df', sapData: [] },
    'ns_instances/ns1/scale': { scaleType: 'SCALE_NS', scaleNsData: {} },
    'ns_instances/ns1/heal': { healVnfData: [{ vnfInstanceId: 'v1' }] },
    'ns_instances/ns1/terminate': {},
    'ns_lcm_op_occs/op1/retry': undefined,
    'ns_lcm_op_occs/op1/rollback': undefined,
    'ns_lcm_op_occs/op1/continue': undefined,
    'ns_lcm_op_occs/op1/cancel': { cancelMode: 'GRACEFUL' },
  };
  for (const [path, body] of Object.entries(bodies)) {
    const accepted = await call('POST', `/nslcm/v2/${path}`, body);
    assert.equal(accepted.status, 202, `${path} ${JSON.stringify(accepted.json)}`);
    assert.equal(accepted.headers.get('location'), `${northbound.address().url}/nslcm/v2/ns_lcm_op_occs/op1`);
  }
  assert.equal((await call('POST', '/nslcm/v2/ns_instances/ns1/terminate')).status, 202, 'without a body');
});

test('what cannot be done is said precisely', async () => {
  const update = await call('POST', '/nslcm/v2/ns_instances/ns1/update', { updateType: 'ADD SAP' });
  assert.equal(update.status, 501);
  assert.match(update.json.detail, /ADD SAP/);
  const typo = await call('POST', '/nslcm/v2/ns_instances/ns1/instantiate', { nsFlavorId: 'df' });
  assert.equal(typo.status, 400);
  assert.match(typo.json.remedy, /nsFlavourId/);
  const later = new Date(Date.now() + 3_600_000).toISOString();
  assert.equal((await call('POST', '/nslcm/v2/ns_instances/ns1/instantiate', { startTime: later })).status, 501);
  const stale = await call('DELETE', '/nslcm/v2/ns_instances/ns1', undefined, { 'if-match': '"old"' });
  assert.equal(stale.status, 412);
});

test('v1 gives the name of the operation as its parameters', async () => {
  assert.equal((await call('GET', '/nslcm/v1/ns_lcm_op_occs/op1')).json.operationParams, 'INSTANTIATE');
});

test('capacity: used, promised and free', async () => {
  const info = await call('GET', '/nfvici/v1/nfvi_capacity_infos/vim-1');
  const [cpu] = info.json.capacityInfoPerZone[0].capacityMeasurements;
  assert.deepEqual([cpu.totalCapacity.value, cpu.allocatedCapacity.value], [8, 2]);
  assert.deepEqual([cpu.reservedCapacity.value, cpu.availableCapacity.value], [1, 5]);
});

test('tokens by JSON and by OAuth 2.0', async () => {
  const login = await call('POST', '/skerry/v1/tokens', { username: 'ada', password: 'x' });
  assert.equal(login.json.token, 't-ada');
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const basic = { ...form, authorization: `Basic ${Buffer.from('bob:x').toString('base64')}` };
  const granted = await call('POST', '/oauth2/token', 'grant_type=client_credentials', basic);
  assert.equal(granted.json.access_token, 't-bob');
  const password = await call('POST', '/oauth2/token', 'grant_type=password&username=eve&password=x', form);
  assert.equal(password.json.access_token, 't-eve');
  const wrong = await call('POST', '/oauth2/token', 'grant_type=magic', form);
  assert.deepEqual([wrong.status, wrong.json.error], [400, 'unsupported_grant_type']);
});
