import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CallbackServer } from './sol005/callback-server.ts';
import { EtsiContract, reasonToSkip } from './sol005/etsi-contract.ts';
import { type Orchestrator, startOrchestrator } from './sol005/orchestrator.ts';
import { type Answer, type Body, OssClient, samplePackage } from './sol005/oss-client.ts';

const packages = '/vnfpkgm/v2/vnf_packages';
const descriptors = '/nsd/v2/ns_descriptors';
const services = '/nslcm/v2/ns_instances';
const occurrences = '/nslcm/v2/ns_lcm_op_occs';
const infos = '/nfvici/v1/nfvi_capacity_infos';
const thresholds = '/nfvici/v1/capacity_thresholds';
const gzip = { 'content-type': 'application/gzip' };

/** One OSS walks through SOL005; what it is answered and notified of has to fit ETSI's own OpenAPI files. */
describe('SOL005 V3.7.1 by ETSI OpenAPI', { skip: reasonToSkip }, () => {
  let orchestrator: Orchestrator;
  let oss: OssClient;
  let contract: EtsiContract;
  const callback = new CallbackServer();
  let vnfPkgId = '';
  let nsdInfoId = '';

  before(async () => {
    contract = new EtsiContract();
    orchestrator = await startOrchestrator();
    await callback.start();
    oss = new OssClient(orchestrator.url, contract);
    await oss.login();
  });
  after(async () => {
    await orchestrator?.stop();
    await callback.stop();
  });

  const one = async (path: string): Promise<Body> => (await oss.expect(200, 'GET', path)).body;
  const pathOf = (answer: Answer) => new URL(answer.headers.get('location') ?? 'no location').pathname;
  const notified = (type: string, fits: (body: Body) => boolean) =>
    callback.until(({ body }) => body.notificationType === type && fits(body));

  /** Begins a task that has to be accepted, and waits until its occurrence stands still. */
  async function run(task: string, body?: object): Promise<Body> {
    return settled(pathOf(await oss.expect(202, 'POST', task, { body })));
  }
  const settled = (path: string) =>
    orchestrator.until(async () => {
      const operation = await one(path);
      return /PROCESSING|ROLLING_BACK/.test(operation.operationState) ? undefined : operation;
    });
  async function createNs(name: string): Promise<string> {
    const { nsdId } = await one(`${descriptors}/${nsdInfoId}`);
    const body = { nsdId, nsName: name, nsDescription: 'for the test' };
    return (await oss.expect(201, 'POST', services, { body })).body.id;
  }

  it('subscribes to everything, with a test of the callback', async () => {
    for (const api of ['vnfpkgm/v2', 'nsd/v2', 'nslcm/v2']) {
      const body = { callbackUri: callback.uri(`/${api.slice(0, -3)}`) };
      const made = await oss.expect(201, 'POST', `/${api}/subscriptions`, { body });
      assert.equal(made.headers.get('location'), made.body._links.self.href);
      assert.deepEqual((await one(`/${api}/subscriptions`)).length, 1);
      await one(`/${api}/subscriptions/${made.body.id}`);
      await oss.expect(422, 'POST', `/${api}/subscriptions`, { body: { callbackUri: callback.uri('/bad') } });
      await oss.expect(404, 'GET', `/${api}/subscriptions/none`);
    }
    assert.deepEqual(
      callback.probes.filter((path) => !path.startsWith('/bad')),
      ['/vnfpkgm', '/nsd', '/nslcm'],
    );
  });

  it('VNF packages', async () => {
    const made = await oss.expect(201, 'POST', packages, { body: { userDefinedData: { owner: 'oss' } } });
    const self = pathOf(made);
    vnfPkgId = made.body.id;
    await oss.expect(409, 'GET', `${self}/package_content`);
    await oss.expect(409, 'GET', `${self}/vnfd`);
    await oss.expect(409, 'GET', `${self}/artifacts`);
    await oss.expect(202, 'PUT', `${self}/package_content`, { body: await samplePackage('router_vnf'), headers: gzip });
    const shown = await oss.expect(200, 'GET', self);
    assert.equal(shown.body.onboardingState, 'ONBOARDED');
    assert.equal(shown.body.onboardingReport.format, 'sol006-osm');
    const list = await one(packages);
    assert.equal(list.length, 1);
    assert.equal(list[0].userDefinedData, undefined);
    assert.equal((await one(`${packages}?all_fields`))[0].userDefinedData.owner, 'oss');
    assert.equal((await one(`${packages}?filter=(eq,vnfdId,router_vnf)&fields=vnfdId`)).length, 1);
    assert.equal((await one(`${packages}?filter=(eq,vnfdId,none)`)).length, 0);
    await oss.expect(400, 'GET', `${packages}?filter=(eq,vnfId,x)`);
    await oss.expect(400, 'GET', `${packages}?fields=nothing`);
    const part = await oss.expect(206, 'GET', `${self}/package_content`, { headers: { range: 'bytes=0-9' } });
    assert.match(part.headers.get('content-range') ?? '', /^bytes 0-9\/\d+$/);
    await oss.expect(416, 'GET', `${self}/package_content`, { headers: { range: 'bytes=99999999-' } });
    await oss.expect(200, 'GET', `${self}/package_content`);
    await oss.expect(200, 'GET', `${self}/vnfd`);
    const script = shown.body.additionalArtifacts.find((file: Body) => /router\.cfg$/.test(file.artifactPath));
    await oss.expect(200, 'GET', `${self}/artifacts/${script.artifactPath}`);
    await oss.expect(404, 'GET', `${self}/artifacts/no/such/file`);
    const zip = { headers: { accept: 'application/zip' } };
    for (const part of ['artifacts', 'artifacts?include_signatures', 'vnfd', 'vnfd?include_signatures']) {
      const archive = await oss.expect(200, 'GET', `${self}/${part}`, zip);
      assert.equal(archive.headers.get('content-type'), 'application/zip', part);
      assert.ok(archive.text.startsWith('PK'), part);
    }
    await oss.expect(400, 'GET', `${self}/artifacts?exclude_everything`);
    await oss.expect(404, 'GET', `${self}/artifacts/..%2f..%2fpackage`);
    await oss.expect(404, 'GET', `${self}/artifacts/%2e%2e/%2e%2e/package`);
    const tag = shown.headers.get('etag') ?? '';
    await oss.expect(412, 'PATCH', self, { body: { operationalState: 'DISABLED' }, headers: { 'if-match': '"old"' } });
    const headers = { 'if-match': tag, 'content-type': 'application/merge-patch+json' };
    await oss.expect(200, 'PATCH', self, { body: JSON.stringify({ operationalState: 'DISABLED' }), headers });
    await oss.expect(409, 'PATCH', self, { body: { operationalState: 'DISABLED' } });
    await oss.expect(200, 'PATCH', self, { body: { operationalState: 'ENABLED', userDefinedData: { owner: null } } });
    await oss.expect(409, 'DELETE', self);
    await notified('VnfPackageOnboardingNotification', (body) => body.vnfPkgId === vnfPkgId);
    await notified('VnfPackageChangeNotification', (body) => body.operationalState === 'ENABLED');
  });

  it('NSDs', async () => {
    const made = await oss.expect(201, 'POST', descriptors, { body: {} });
    const self = pathOf(made);
    nsdInfoId = made.body.id;
    await oss.expect(202, 'PUT', `${self}/nsd_content`, { body: await samplePackage('single_vm_ns'), headers: gzip });
    const shown = await one(self);
    assert.equal(shown.nsdOnboardingState, 'ONBOARDED');
    assert.equal(shown.onboardingReport.format, 'sol006-osm');
    assert.equal((await one(descriptors)).length, 1);
    assert.equal((await one(`${descriptors}?filter=(eq,nsdId,single_vm_ns)&exclude_fields=nsdName`)).length, 1);
    await oss.expect(200, 'GET', `${self}/nsd_content`);
    await oss.expect(200, 'GET', `${self}/nsd`);
    await oss.expect(200, 'PATCH', self, { body: { userDefinedData: [{ tier: 'gold' }] } });
    await oss.expect(200, 'PATCH', self, { body: { nsdOperationalState: 'DISABLED' } });
    await notified('NsdChangeNotification', (body) => body.nsdOperationalState === 'DISABLED');
    await oss.expect(200, 'PATCH', self, { body: { nsdOperationalState: 'ENABLED' } });
    const bad = await oss.expect(201, 'POST', descriptors, { body: {} });
    const content = `${pathOf(bad)}/nsd_content`;
    await oss.call('PUT', content, { body: 'nsd: {', headers: { 'content-type': 'text/plain' } });
    assert.equal((await one(pathOf(bad))).nsdOnboardingState, 'ERROR');
    await notified('NsdOnBoardingFailureNotification', (body) => body.nsdInfoId === bad.body.id);
    await oss.expect(204, 'DELETE', pathOf(bad));
  });

  it('NS: create, instantiate, scale, heal, terminate, delete', async () => {
    const id = await createNs('walk');
    const self = `${services}/${id}`;
    await notified('NsIdentifierCreationNotification', (body) => body.nsInstanceId === id);
    const first = await run(`${self}/instantiate`, { nsFlavourId: 'default' });
    assert.equal(first.operationState, 'COMPLETED', JSON.stringify(first));
    const ns = await one(self);
    assert.equal(ns.nsState, 'INSTANTIATED');
    assert.equal(ns.vnfInstance[0].instantiatedVnfInfo.vnfcResourceInfo.length, 1);
    assert.equal((await one(`${services}?filter=(eq,nsState,INSTANTIATED)&fields=nsInstanceName`)).length, 1);
    assert.equal((await one(`${services}?filter=(eq,vnfInstance/vnfdId,router_vnf)&all_fields`)).length, 1);
    assert.equal((await one(services))[0].vnfInstance, undefined);
    await oss.expect(409, 'POST', `${self}/instantiate`, { body: { nsFlavourId: 'default' } });
    await oss.expect(409, 'DELETE', self);
    const step = { aspectId: 'throughput', numberOfSteps: 1 };
    const vnfInstanceId = ns.vnfInstance[0].id;
    const scale = { vnfInstanceId, scaleVnfType: 'SCALE_OUT', scaleByStepData: step };
    const scaled = await oss.call('POST', `${self}/scale`, { body: { scaleType: 'SCALE_VNF', scaleVnfData: [scale] } });
    if (scaled.status === 202) assert.equal((await settled(pathOf(scaled))).operationState, 'COMPLETED');
    else assert.fail(scaled.text);
    const healed = await run(`${self}/heal`, { healVnfData: [{ vnfInstanceId, cause: 'test' }] });
    assert.equal(healed.operationState, 'COMPLETED');
    await oss.expect(409, 'PATCH', `${descriptors}/${nsdInfoId}`, { body: { nsdOperationalState: 'ENABLED' } });
    const ended = await run(`${self}/terminate`, {});
    assert.equal(ended.operationState, 'COMPLETED');
    await oss.expect(204, 'DELETE', self);
    await oss.expect(404, 'GET', self);
    await notified('NsIdentifierDeletionNotification', (body) => body.nsInstanceId === id);
    for (const operation of ['INSTANTIATE', 'SCALE', 'HEAL', 'TERMINATE'])
      for (const notificationStatus of ['START', 'RESULT'])
        await notified(
          'NsLcmOperationOccurrenceNotification',
          (body) => body.operation === operation && body.notificationStatus === notificationStatus,
        );
    assert.ok((await one(`${occurrences}?filter=(eq,nsInstanceId,${id})`)).length >= 4);
    assert.ok((await one(`${occurrences}?all_fields`)).every((operation: Body) => operation.operationParams));
  });

  it('operations that fail: retry, rollback, fail; and cancel', async () => {
    const id = await createNs('trouble');
    const self = `${services}/${id}`;
    const refuse = () =>
      orchestrator
        .control()
        .fault({ effect: 'fail', verb: 'ensure', kind: 'compute', times: 0, code: 'PlatformRefused' });

    await refuse();
    const failed = await run(`${self}/instantiate`, { nsFlavourId: 'default' });
    assert.equal(failed.operationState, 'FAILED_TEMP');
    assert.ok(failed.error.detail);
    await notified('NsLcmOperationOccurrenceNotification', (body) => body.operationState === 'FAILED_TEMP');
    await oss.expect(409, 'POST', `${self}/instantiate`, { body: { nsFlavourId: 'default' } });
    const path = `${occurrences}/${failed.id}`;
    await oss.expect(409, 'POST', `${path}/cancel`, { body: { cancelMode: 'GRACEFUL' } });
    await orchestrator.control().release();
    await oss.expect(202, 'POST', `${path}/retry`);
    assert.equal((await settled(path)).operationState, 'COMPLETED');
    await oss.expect(409, 'POST', `${path}/retry`);
    await oss.expect(409, 'POST', `${path}/fail`);
    await run(`${self}/terminate`);

    await refuse();
    const second = await run(`${self}/instantiate`, { nsFlavourId: 'default' });
    assert.equal(second.operationState, 'FAILED_TEMP');
    await oss.expect(202, 'POST', `${occurrences}/${second.id}/rollback`);
    assert.equal((await settled(`${occurrences}/${second.id}`)).operationState, 'ROLLED_BACK');
    assert.equal((await one(self)).nsState, 'NOT_INSTANTIATED');

    const third = await run(`${self}/instantiate`, { nsFlavourId: 'default' });
    const given = await oss.expect(200, 'POST', `${occurrences}/${third.id}/fail`);
    assert.equal(given.body.operationState, 'FAILED');
    await orchestrator.control().release();
    await notified('NsLcmOperationOccurrenceNotification', (body) => body.operationState === 'FAILED');
    const cleaned = await run(`${self}/terminate`);
    assert.equal(cleaned.operationState, 'COMPLETED');

    await orchestrator.control().fault({ effect: 'hang', verb: 'ensure', kind: 'compute', times: 0 });
    const other = `${services}/${await createNs('hanging')}`;
    const hanging = pathOf(await oss.expect(202, 'POST', `${other}/instantiate`, { body: { nsFlavourId: 'default' } }));
    for (const task of ['terminate', 'instantiate', 'heal'])
      await oss.expect(409, 'POST', `${other}/${task}`, { body: {} });
    await oss.expect(400, 'POST', `${hanging}/cancel`, { body: { cancelMode: 'NOW' } });
    await oss.expect(202, 'POST', `${hanging}/cancel`, { body: { cancelMode: 'FORCEFUL' } });
    assert.equal((await settled(hanging)).operationState, 'FAILED_TEMP');
    await orchestrator.control().release();
    await oss.expect(202, 'POST', `${hanging}/rollback`);
    assert.equal((await settled(hanging)).operationState, 'ROLLED_BACK');
    await oss.expect(204, 'DELETE', other);
    await oss.expect(204, 'DELETE', self);
  });

  it('NFVI capacity, with a threshold that is crossed', async () => {
    const [info] = await one(`${infos}?all_fields`);
    assert.equal(info.vimId, orchestrator.infra.id);
    await one(`${infos}/${info.id}`);
    await oss.expect(404, 'GET', `${infos}/none`);
    const capacityMetric = {
      ...{ resourceType: 'VR_COMPUTE', capacityMeasurementName: 'VcpuCapacity', capacityType: 'AVAILABLE' },
    };
    const { capacityMeasurements } = info.capacityInfoPerZone[0];
    const available = capacityMeasurements.find((one: Body) => one.capacityMeasurementName === 'VcpuCapacity');
    const simpleThresholdDetails = [{ thresholdValue: available.availableCapacity.value - 0.5, hysteresis: 0.4 }];
    const criteria = { capacityMetric, thresholdType: 'SIMPLE', simpleThresholdDetails };
    const body = { objectInstanceId: info.id, criteria, callbackUri: callback.uri('/nfvici') };
    const none = { ...criteria, capacityMetric: { ...capacityMetric, capacityMeasurementName: 'Bogus' } };
    const refused = await oss.expect(422, 'POST', thresholds, { body: { ...body, criteria: none } });
    assert.match(refused.body.remedy, /VcpuCapacity/);
    const made = await oss.expect(201, 'POST', thresholds, { body });
    const self = pathOf(made);
    await one(self);
    assert.equal((await one(thresholds)).length, 1);
    await oss.expect(200, 'PATCH', self, { body: { callbackUri: callback.uri('/nfvici') } });
    const ns = `${services}/${await createNs('big')}`;
    await run(`${ns}/instantiate`, { nsFlavourId: 'default' });
    const down = await notified('CapacityShortageNotification', (found) => found.direction === 'DOWN');
    assert.equal(down.body['objectInstanceId'], info.id);
    await run(`${ns}/terminate`);
    await notified('CapacityShortageNotification', (found) => found.direction === 'UP');
    await oss.expect(204, 'DELETE', self);
    await oss.expect(404, 'GET', self);
  });

  it('deletes what it made, and every notification fits', async () => {
    for (const ns of await one(services)) {
      if (ns.nsState === 'INSTANTIATED') await run(`${services}/${ns.id}/terminate`);
      await oss.expect(204, 'DELETE', `${services}/${ns.id}`);
    }
    await oss.expect(409, 'DELETE', `${descriptors}/${nsdInfoId}`);
    await oss.expect(200, 'PATCH', `${descriptors}/${nsdInfoId}`, { body: { nsdOperationalState: 'DISABLED' } });
    await oss.expect(204, 'DELETE', `${descriptors}/${nsdInfoId}`);
    await oss.expect(200, 'PATCH', `${packages}/${vnfPkgId}`, { body: { operationalState: 'DISABLED' } });
    await oss.expect(204, 'DELETE', `${packages}/${vnfPkgId}`);
    await notified('NsdDeletionNotification', (body) => body.nsdInfoId === nsdInfoId);
    await notified('VnfPackageChangeNotification', (body) => body.changeType === 'PKG_DELETE');
    const seen = new Set<unknown>();
    for (const { path, body } of callback.received) {
      const complaints = contract.notification(path.slice(1), body);
      assert.deepEqual(complaints, [], JSON.stringify(body, null, 1));
      assert.ok(!seen.has(body['id']), `${body.notificationType} came twice`);
      seen.add(body['id']);
    }
    for (const { id } of await one('/nslcm/v2/subscriptions')) {
      await oss.expect(204, 'DELETE', `/nslcm/v2/subscriptions/${id}`);
      await oss.expect(404, 'DELETE', `/nslcm/v2/subscriptions/${id}`);
    }
  });
});
