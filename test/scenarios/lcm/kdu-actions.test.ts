import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HelmReleaseSpec } from '#shared/connector/index.ts';
import type { VnfModel } from '#shared/descriptor/vnf-model.ts';
import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { ChartRef, ChartSource, StoredChart } from '#shared/model/charts.ts';
import type { Digest, NsInstanceId } from '#shared/model/ids.ts';
import type { KduDesired } from '#shared/model/ns-lcm.ts';
import type { KduActionParams } from '#shared/model/ns-lcm-requests.ts';
import type { UnitObject } from '#shared/wire/frames.ts';
import { Fleet, request } from './fleet.ts';
import { sampleCatalog, sampleNs, sampleVnf } from './sample-models.ts';

function knf(changes: Partial<VnfModel> = {}): VnfModel {
  const vnf = sampleVnf();
  return {
    ...vnf,
    vdus: [],
    kdus: [{ name: 'web', helmChart: 'stable/web:1.0', services: [] }],
    flavours: vnf.flavours.map((flavour) => ({ ...flavour, vduProfiles: [], scalingAspects: [] })),
    ...changes,
  };
}

/** Knows the repository `stable`, of which only version 1.0 and 2.0 exist. */
class Repository implements ChartSource {
  readonly asked: string[] = [];
  isHanging = false;
  isUnknown = false;

  async resolve(ref: ChartRef): Promise<StoredChart | undefined> {
    this.asked.push(ref.chart);
    if (this.isUnknown) return undefined;
    if (this.isHanging) return await new Promise(() => undefined);
    if (!ref.chart.startsWith('stable/')) return undefined;
    const version = ref.chart.split(':')[1] ?? '2.0';
    if (!['1.0', '2.0'].includes(version)) throw new SkerryError('NotFound', `There is no version ${version}`);
    return { digest: `sha256:${version}` as Digest, kind: 'helm', name: 'web', version, appVersion: `v${version}` };
  }
}

async function fleetOf(charts?: ChartSource): Promise<Fleet> {
  const ns = sampleNs();
  const [flavour] = ns.flavours;
  const single = { ...ns, flavours: [{ ...flavour!, defaultLevelId: 'single' }] };
  return await Fleet.open({ sites: ['site-a'], catalog: sampleCatalog(single, knf()), ...(charts && { charts }) });
}

async function act(fleet: Fleet, nsId: NsInstanceId, action: 'upgrade' | 'rollback', params: KduActionParams = {}) {
  return await fleet.lcm.commands.actOnKdu(request, nsId, { vnf: 'a', kdu: 'web', action, params });
}

async function release(fleet: Fleet, nsId: NsInstanceId): Promise<HelmReleaseSpec> {
  const objects = await fleet.book.scope(fleet.agent('site-a').id, nsId);
  const found = objects.find((object) => (object.body as UnitObject).kind === 'helm-release');
  return (found!.body as UnitObject).spec as unknown as HelmReleaseSpec;
}

async function kdu(fleet: Fleet, nsId: NsInstanceId): Promise<KduDesired> {
  return (await fleet.ns(nsId)).desired!.vnfs[0]!.kdus[0]!;
}

const hasCode = (code: string) => (error: unknown) => isSkerryError(error) && error.code === code;

test('a chart of a registered repository is resolved before the operation begins; one that is not there refuses it', async () => {
  const charts = new Repository();
  const fleet = await fleetOf(charts);
  const nsId = await fleet.instantiated();
  const { chart, chartDigest, version } = await release(fleet, nsId);
  assert.deepEqual([chart, chartDigest, version], ['stable/web:1.0', 'sha256:1.0', '1.0']);
  assert.deepEqual(charts.asked, ['stable/web:1.0'], 'asked once');
  await assert.rejects(act(fleet, nsId, 'upgrade', { kdu_model: 'stable/web:9' }), (error: unknown) => {
    assert.ok(isSkerryError(error) && error.code === 'Unprocessable');
    return /stable\/web:9: There is no version 9/.test(error.message);
  });
  assert.equal((await fleet.ns(nsId)).openOperationId, undefined);
  await fleet.stop();
});

test('upgrade: values of before are kept and merged, reset on request; the history remembers at most ten', async () => {
  const fleet = await fleetOf(new Repository());
  const nsId = await fleet.createNs();
  const additionalParams = {
    additionalParamsForKdu: [{ kdu_name: 'web', additionalParams: { a: { b: 1, c: 2 }, list: [1] } }],
  };
  const params = { additionalParamsForVnf: [{ vnfProfileId: 'a', additionalParams }] };
  await fleet.lcm.commands.instantiate(request, nsId, params);
  await fleet.answer();
  const operation = await act(fleet, nsId, 'upgrade', {
    kdu_model: 'stable/web:2.0',
    values: { a: { c: 3 }, list: [2] },
  });
  assert.equal(operation.type, 'UPDATE');
  assert.equal(operation.targets.length, 1);
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'COMPLETED');
  const upgraded = await release(fleet, nsId);
  assert.deepEqual(upgraded.values, { a: { b: 1, c: 3 }, list: [2] });
  assert.equal(upgraded.chartDigest, 'sha256:2.0');
  await act(fleet, nsId, 'upgrade', { reset_values: true, values: { d: 1 } });
  await fleet.answer();
  assert.deepEqual((await release(fleet, nsId)).values, { d: 1 });
  for (let count = 0; count < 10; count++) {
    await act(fleet, nsId, 'upgrade', { values: { count } });
    await fleet.answer();
  }
  const { revisions = [] } = await kdu(fleet, nsId);
  assert.equal(revisions.length, 10);
  assert.deepEqual([revisions[0]!.revision, revisions[0]!.cause, revisions[9]!.revision], [13, 'upgrade', 4]);
  const same = await act(fleet, nsId, 'upgrade', { values: { count: 9 } });
  assert.match(same.warnings.join(), /like this already/);
  await fleet.lcm.idle();
  assert.equal(await fleet.state(same), 'COMPLETED');
  assert.equal((await kdu(fleet, nsId)).revisions!.length, 10);
  await fleet.stop();
});

test('rollback makes a former revision the wanted one again, as a revision of its own', async () => {
  const fleet = await fleetOf(new Repository());
  const nsId = await fleet.instantiated();
  await assert.rejects(act(fleet, nsId, 'rollback'), hasCode('Unprocessable'));
  const first = await release(fleet, nsId);
  await act(fleet, nsId, 'upgrade', { kdu_model: 'stable/web:2.0', values: { x: 1 } });
  await fleet.answer();
  const operation = await act(fleet, nsId, 'rollback');
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'COMPLETED');
  assert.deepEqual(await release(fleet, nsId), first);
  const { revisions = [] } = await kdu(fleet, nsId);
  assert.deepEqual(
    revisions.map((each) => [each.revision, each.cause, each.version]),
    [
      [3, 'rollback', '1.0'],
      [2, 'upgrade', '2.0'],
      [1, 'instantiate', '1.0'],
    ],
  );
  await assert.rejects(act(fleet, nsId, 'rollback', { revision: 7 }), /no former revision 7; there are 2, 1/);
  await fleet.stop();
});

test('an upgrade that the site has given up: FAILED_TEMP with its reason; roll back, retry and fail do the right thing', async () => {
  const fleet = await fleetOf(new Repository());
  const nsId = await fleet.instantiated();
  const { key } = await kdu(fleet, nsId);
  const first = await release(fleet, nsId);
  fleet.agent('site-a').failing = (object) => object.key === key;
  const operation = await act(fleet, nsId, 'upgrade', { kdu_model: 'stable/web:2.0' });
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'FAILED_TEMP');
  assert.match((await fleet.operation(operation.id)).error?.detail ?? '', /site-a: .*ordered to fail/);
  await fleet.lcm.commands.retry(request, operation.id);
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'FAILED_TEMP', 'the same revision, tried again');
  fleet.agent('site-a').failing = () => false;
  await fleet.lcm.commands.rollback(request, operation.id);
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'ROLLED_BACK');
  assert.deepEqual(await release(fleet, nsId), first);
  assert.equal((await kdu(fleet, nsId)).revisions!.length, 1);

  fleet.agent('site-a').failing = (object) => object.key === key;
  const again = await act(fleet, nsId, 'upgrade', { kdu_model: 'stable/web:2.0' });
  await fleet.answer();
  await fleet.lcm.commands.fail(request, again.id);
  assert.equal(await fleet.state(again), 'FAILED');
  fleet.agent('site-a').failing = () => false;
  const back = await act(fleet, nsId, 'rollback');
  await fleet.answer();
  assert.equal(await fleet.state(back), 'COMPLETED');
  assert.equal((await release(fleet, nsId)).version, '1.0');
  await fleet.stop();
});

test('a repository that is registered after the operation failed is asked by a retry', async () => {
  const charts = new Repository();
  charts.isUnknown = true;
  const fleet = await fleetOf(charts);
  const nsId = await fleet.createNs();
  fleet.agent('site-a').failing = () => true;
  const operation = await fleet.lcm.commands.instantiate(request, nsId, {});
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'FAILED_TEMP');
  assert.equal((await release(fleet, nsId)).chartDigest, undefined);
  charts.isUnknown = false;
  fleet.agent('site-a').failing = () => false;
  await fleet.lcm.commands.retry(request, operation.id);
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'COMPLETED');
  assert.equal((await release(fleet, nsId)).chartDigest, 'sha256:1.0');
  await fleet.stop();
});

test('a site that is away: the upgrade waits for it; a repository that hangs is not waited for', async () => {
  const charts = new Repository();
  const fleet = await fleetOf(charts);
  const nsId = await fleet.instantiated();
  await fleet.room.sink.connection(fleet.agent('site-a').id, false);
  const operation = await act(fleet, nsId, 'upgrade', { values: { x: 1 }, timeout: 3_000 });
  assert.equal(operation.deadlineAt - operation.startedAt, 6_120_000, 'twice the time, and a margin');
  await fleet.lcm.idle();
  assert.equal(await fleet.state(operation), 'PROCESSING');
  await fleet.room.sink.connection(fleet.agent('site-a').id, true);
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'COMPLETED');
  charts.isHanging = true;
  const hanging = act(fleet, nsId, 'upgrade', { kdu_model: 'stable/other' });
  const refused = assert.rejects(hanging, hasCode('Unavailable'));
  await fleet.clock.advance(31_000);
  await refused;
  await fleet.stop();
});

test('without a chart source the site gets the chart as it is named; unknown VNFs and KDUs are named in the refusal', async () => {
  const fleet = await fleetOf();
  const nsId = await fleet.instantiated();
  await act(fleet, nsId, 'upgrade', { kdu_model: 'x/y:3', repository: 'https://charts.example' });
  await fleet.answer();
  const { chart, repository, chartDigest } = await release(fleet, nsId);
  assert.deepEqual([chart, repository, chartDigest], ['x/y:3', 'https://charts.example', undefined]);
  const { commands } = fleet.lcm;
  const body = { vnf: 'zz', kdu: 'web', action: 'upgrade' as const };
  await assert.rejects(commands.actOnKdu(request, nsId, body), /no VNF zz in this NS; it has ns1-a/);
  await assert.rejects(commands.actOnKdu(request, nsId, { ...body, vnf: 'ns1-a', kdu: 'db' }), /no KDU db; it has web/);
  await fleet.stop();
});

test('a KDU whose upgrade was given up and rolled back is shown as that, until something else is wanted', async () => {
  const fleet = await fleetOf(new Repository());
  const nsId = await fleet.instantiated();
  const shown = async () => {
    const { vnfs } = await fleet.lcm.queries.ns(nsId);
    const { phase, ready, message } = vnfs[0]!.units.find(({ kind }) => kind === 'helm-release')!;
    return { phase, ready, message };
  };
  assert.deepEqual(await shown(), { phase: 'ready', ready: true, message: '' });
  const agent = fleet.agent('site-a');
  agent.failing = ({ key }) => key.startsWith('helm-release/');
  agent.givenUp = 'not ready within 5 s; rolled back to revision 1';
  const operation = await act(fleet, nsId, 'upgrade', { kdu_model: 'stable/web:2.0' });
  await fleet.answer();
  assert.equal(await fleet.state(operation), 'FAILED_TEMP');
  assert.deepEqual(await shown(), { phase: 'rolled-back', ready: false, message: agent.givenUp });
  agent.failing = () => false;
  await fleet.lcm.commands.rollback(request, operation.id);
  await fleet.answer();
  assert.deepEqual(await shown(), { phase: 'ready', ready: true, message: '' });
  await fleet.stop();
});
