import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { exitCodes } from './exit-codes.ts';
import { type Login, loginPath, writeLogin } from './login-file.ts';
import { runCli } from './main.ts';
import { makeCertificates } from './testing/certificates.ts';
import { FakeNorthbound } from './testing/fake-northbound.ts';
import { type TestContext, testContext } from './testing/test-context.ts';

let folder = '';
let tls: Awaited<ReturnType<typeof makeCertificates>>;
let northbound: FakeNorthbound;
let url = '';

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'skerry-cli-'));
  tls = await makeCertificates();
});
after(() => rmSync(folder, { recursive: true, force: true }));

afterEach(() => northbound.stop());
beforeEach(async (t) => {
  northbound = new FakeNorthbound({ tls, isSlow: /slow/.test(t.name) });
  url = await northbound.start();
  const login: Login = {
    url,
    caPem: tls.caPem,
    username: 'admin',
    token: northbound.token,
    expiresAt: Date.now() + 3_600_000,
  };
  await writeLogin(path.join(folder, 'login.json'), login);
});

async function run(...args: string[]): Promise<TestContext & { code: number }> {
  const context = testContext(folder, { SKERRY_HOME: folder });
  return Object.assign(context, { code: await runCli(args, context) });
}

async function add<T>(...args: string[]): Promise<T> {
  const done = await run(...args, '-o', 'json');
  assert.equal(done.code, 0, done.errText);
  return JSON.parse(done.outText) as T;
}

test('login keeps URL, CA and token in a file that only its owner reads; a wrong password is exit code 5', async () => {
  const home = path.join(folder, 'fresh');
  const caFile = path.join(folder, 'ca.pem');
  writeFileSync(caFile, tls.caPem);
  const args = ['login', url, '--ca', caFile, '--password-stdin'];
  const wrong = testContext(folder, { SKERRY_HOME: home }, 'nonsense\n');
  assert.equal(await runCli(args, wrong), exitCodes.forbidden);
  const right = testContext(folder, { SKERRY_HOME: home }, 'secret\n');
  assert.equal(await runCli(args, right), exitCodes.ok, right.errText);
  const file = loginPath(right);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(JSON.parse(readFileSync(file, 'utf8')).caPem, tls.caPem);
  assert.doesNotMatch(readFileSync(file, 'utf8'), /secret/);
  const token = testContext(folder, { SKERRY_HOME: home });
  assert.equal(await runCli(['token'], token), 0);
  assert.equal(token.outText, `${northbound.token}\n`);
});

test('a certificate of another CA is refused and said so, exit code 6', async () => {
  const other = await makeCertificates();
  const home = path.join(folder, 'other');
  await writeLogin(path.join(home, 'login.json'), {
    url,
    caPem: other.caPem,
    username: 'admin',
    token: 't',
    expiresAt: Date.now() + 3_600_000,
  });
  const context = testContext(folder, { SKERRY_HOME: home });
  assert.equal(await runCli(['site', 'list'], context), exitCodes.unreachable);
  assert.match(context.errText, /not trusted.*--ca/);
});

test('an old token renews by the password file, and without one it is exit code 5', async () => {
  const home = path.join(folder, 'old');
  const passwordFile = path.join(folder, 'password');
  writeFileSync(passwordFile, 'secret\n');
  const login = { url, caPem: tls.caPem, username: 'admin', token: 'worn out', expiresAt: Date.now() - 1 };
  await writeLogin(path.join(home, 'login.json'), { ...login, passwordFile });
  const context = testContext(folder, { SKERRY_HOME: home });
  assert.equal(await runCli(['token'], context), 0);
  assert.equal(context.outText.trim(), northbound.token);
  await writeLogin(path.join(home, 'login.json'), login);
  assert.equal(await runCli(['token'], context), exitCodes.forbidden);
  assert.match(context.errText, /skerry login/);
});

test('no login, no controller, wrong use: each has its exit code, one sentence and a remedy', async () => {
  const nobody = testContext(folder, { SKERRY_HOME: path.join(folder, 'nobody') });
  assert.equal(await runCli(['site', 'list'], nobody), exitCodes.forbidden);
  assert.match(nobody.errText, /^skerry: not logged in.*skerry login/);
  await northbound.stop();
  const away = await run('site', 'list');
  assert.equal(away.code, exitCodes.unreachable);
  assert.match(away.errText, /cannot be reached \(ECONNREFUSED\)/);
  assert.equal((await run('site', 'lst')).code, exitCodes.usage);
  assert.equal((await run('ns', 'list', '-o', 'xml')).code, exitCodes.usage);
  assert.equal((await run('--help')).code, exitCodes.ok);
  assert.equal((await run('--version')).code, exitCodes.ok);
});

test('sites, join tokens, agents and infras: made, listed, shown, found by name or id, deleted', async () => {
  const site = await add<{ id: string }>('site', 'create', 'north', '--label', 'region=arctic');
  const table = await run('site', 'list');
  assert.match(table.outText, /^NAME\s+LABELS\s+DESCRIPTION\s+ID\nnorth\s+region=arctic\s+-\s+/);
  const token = await run('agent', 'token', '--site', 'north');
  northbound.enrol(token.outText.trim());
  const agents = await run('agent', 'list');
  assert.match(agents.outText, /north\s+connected for 0 s/);
  const agentName = String(northbound.agents[0]?.['name']);
  await add('infra', 'add', 'sim', '--agent', agentName, '--kind', 'simulated', '--set', 'latencyMs=5');
  assert.deepEqual(northbound.infras[0]?.['settings'], { latencyMs: 5 });
  assert.match((await run('infra', 'list')).outText, /sim\s+north\s+simulated\s+yes\s+0 of 8/);
  const shown = await run('site', 'show', site.id.slice(0, 8));
  assert.match(shown.outText, /region=arctic/);
  assert.match(shown.outText, /simulated/);
  assert.equal((await run('agent', 'revoke', agentName)).code, 0);
  assert.match((await run('agent', 'list')).outText, /revoked/);
  assert.equal((await run('infra', 'delete', 'sim')).code, 0);
  assert.equal((await run('site', 'delete', 'north')).code, 0);
  assert.equal((await run('site', 'list')).errText, 'nothing to list\n');
});

test('an unknown name is exit code 3, an ambiguous one names the candidates', async () => {
  await add('site', 'create', 'twin');
  northbound.sites.push({ id: 'second-twin', name: 'twin', labels: {} });
  const missing = await run('site', 'show', 'nowhere');
  assert.equal(missing.code, exitCodes.notFound);
  assert.match(missing.errText, /there is no site nowhere; there are: twin/);
  const twice = await run('site', 'delete', 'twin');
  assert.equal(twice.code, exitCodes.usage);
  assert.match(twice.errText, /may be any of 2 sites: .*second-twin \(twin\)/);
});

test('problems of the controller keep their sentence, remedy and exit code', async () => {
  const site = await add<{ id: string }>('site', 'create', 'busy');
  northbound.failures.set(`DELETE /skerry/v1/sites/${site.id}`, {
    status: 409,
    detail: 'site busy has an agent',
    remedy: 'revoke it first',
  });
  const refused = await run('site', 'delete', 'busy');
  assert.equal(refused.code, exitCodes.conflict);
  assert.equal(refused.errText, 'skerry: site busy has an agent; revoke it first\n');
});

test('packages: folders are packed, NSDs find VNFs given after them, a refused one is exit code 1', async () => {
  const [vnf, ns, bad] = ['a_vnf', 'edge_service_ns', 'bad_vnf'].map((name) => {
    const place = path.join(folder, name);
    mkdirSync(place, { recursive: true });
    writeFileSync(path.join(place, 'descriptor.yaml'), 'vnfd:\n  id: x\n');
    return place;
  }) as [string, string, string];
  const done = await run('package', 'onboard', ns, vnf);
  assert.equal(done.code, 0, done.errText);
  assert.match(done.outText, /a_vnf: VNF package a_vnf created.*\n.*edge_service_ns: NSD edge_service_ns created/);
  const uploads = northbound.requests.filter((request) => request.path === '/skerry/v1/packages');
  assert.equal(uploads.length, 3, 'the NSD is sent again when its VNF package is there');
  assert.ok(Number(uploads[0]?.body['bytes']) > 50);
  // The first two go side by side, in any order.
  const first = uploads.slice(0, 2).map((upload) => upload.body['bytes']);
  assert.ok(first.includes(uploads[2]?.body['bytes']), 'a folder always gives the same bytes');
  const list = await run('package', 'list', '-o', 'json');
  assert.deepEqual(
    JSON.parse(list.outText).map((row: { descriptorId: string }) => row.descriptorId),
    ['a_vnf', 'edge_service_ns'],
  );
  assert.match((await run('package', 'show', 'a_vnf', '-o', 'yaml')).outText, /^onboardingState: ONBOARDED$/m);
  assert.equal((await run('package', 'delete', 'a_vnf')).code, 0);
  assert.equal(northbound.vnfPackages.length, 0);
  const refused = await run('package', 'onboard', bad);
  assert.equal(refused.code, exitCodes.failed);
  assert.match(refused.errText, /bad_vnf: one complaint\n {2}a\.yaml:3:5 vnfd: is unknown; remove it\n/);
  assert.equal((await run('package', 'onboard', path.join(folder, 'missing'))).code, exitCodes.notFound);
});

async function makeNs(): Promise<string> {
  northbound.nsds.push({ id: 'nsd-1', nsdId: 'edge-service', nsdName: 'Edge', nsdOnboardingState: 'ONBOARDED' });
  return (await add<{ id: string }>('ns', 'create', 'shop', '--nsd', 'Edge')).id;
}

test('an NS goes through its life; requests have the shapes of SOL005', async () => {
  const id = await makeNs();
  const places = ['--place', 'router=site-a', '--place', 'web=site-b/edge1'];
  const up = await run('ns', 'instantiate', 'shop', ...places, '--param', 'size=3', '--wait');
  assert.equal(up.code, 0, up.errText);
  assert.match(up.errText, /INSTANTIATE COMPLETED/);
  assert.deepEqual(northbound.operations[0]?.['operationParams'], {
    additionalParamsForNs: { size: 3 },
    placement: { router: { site: 'site-a' }, web: { site: 'site-b', infra: 'edge1' } },
  });
  const ns = northbound.instances.find((one) => one.id === id);
  Object.assign(ns ?? {}, {
    vnfInstance: [{ id: 'vnf-1', vnfInstanceName: 'router', vnfdId: 'r', instantiationState: 'INSTANTIATED' }],
  });
  assert.equal((await run('ns', 'scale', 'shop', '--vnf', 'router', '--aspect', 'more', '--out', '--wait')).code, 0);
  assert.deepEqual(northbound.operations[1]?.['operationParams'], {
    scaleType: 'SCALE_VNF',
    scaleVnfData: [
      { vnfInstanceId: 'vnf-1', scaleVnfType: 'SCALE_OUT', scaleByStepData: { aspectId: 'more', numberOfSteps: 1 } },
    ],
  });
  assert.equal((await run('ns', 'scale', 'shop', '--to-level', 'big', '--wait')).code, 0);
  assert.deepEqual(northbound.operations[2]?.['operationParams'], {
    scaleType: 'SCALE_NS',
    scaleNsData: { scaleNsToLevelData: { nsInstantiationLevel: 'big' } },
  });
  assert.equal((await run('ns', 'scale', 'shop', '--aspect', 'more')).code, exitCodes.usage);
  assert.equal((await run('ns', 'heal', 'shop', '--vnf', 'router', '--wait')).code, 0);
  assert.match((await run('op', 'list', '--ns', 'shop')).outText, /HEAL\s+COMPLETED\s+shop/);
  assert.equal((await run('ns', 'terminate', 'shop', '--delete')).code, 0);
  assert.equal(northbound.instances.length, 0);
});

test('slow operations: --wait gives up with exit code 7, cancel and a failure are told', async () => {
  await makeNs();
  const late = await run('ns', 'instantiate', 'shop', '--wait', '--timeout', '50ms');
  assert.equal(late.code, exitCodes.timeout);
  assert.match(late.errText, /site-a {2}\[#+-+\] 1\/2 {2}waits for compute\/1/);
  const operation = String(northbound.operations[0]?.id);
  const watching = run('op', 'watch', 'shop');
  northbound.endOperation(operation, 'FAILED_TEMP', 'no room');
  const failed = await watching;
  assert.equal(failed.code, exitCodes.failed);
  assert.match(failed.errText, /FAILED_TEMP: no room; `skerry op retry/);
  assert.equal((await run('op', 'retry', operation, '--wait', '--timeout', '50ms')).code, exitCodes.timeout);
  northbound.endOperation(operation, 'FAILED_TEMP', 'no room still');
  assert.equal((await run('op', 'rollback', operation, '--wait', '--timeout', '1m')).code, 0);
  const unwaited = await run('ns', 'terminate', 'shop');
  assert.equal(unwaited.code, 0);
  assert.equal(unwaited.outText.trim(), northbound.operations[1]?.id);
  assert.equal((await run('op', 'cancel', 'shop', '--wait')).code, 0);
});

test('what a descriptor says cannot steer the terminal', async () => {
  northbound.sites.push({ id: 'evil-site', name: 'a\u001b[2Jb', labels: {} });
  const { outText } = await run('site', 'list');
  assert.equal(outText.includes('\u001b'), false);
});

test('a KDU is listed with its age, upgraded with values of a file and of options, and rolled back', async () => {
  await makeNs();
  const history = [
    { revision: 2, cause: 'upgrade', chart: 'stable/web', version: '2.0', at: new Date().toISOString() },
    { revision: 1, cause: 'instantiate', chart: 'stable/web:1.0', version: '1.0', at: new Date(0).toISOString() },
  ];
  const state = { phase: 'ready', ready: true, fresh: false, siteConnected: false, message: '' };
  northbound.kdus.push({
    ...{ id: 'k', vnfInstanceId: 'v1', vnfName: 'shop-web', vnfProfileId: 'web', name: 'front', kind: 'helm-release' },
    ...{ siteName: 'site-a', infraName: 'k8s', wanted: history[0], history, ...state },
    ...{ reportedAt: new Date(Date.now() - 300_000).toISOString(), addresses: { http: ['10.0.0.9'] }, pods: [] },
    workloads: [{ kind: 'Deployment', namespace: 'n', name: 'front', desired: 3, available: 2 }],
    services: [{ name: 'http', type: 'ClusterIP', addresses: ['10.0.0.9'], ports: [{ port: 80, protocol: 'TCP' }] }],
  });
  const listed = await run('ns', 'kdus', 'shop');
  assert.match(listed.outText, /front +shop-web +site-a +k8s +stable\/web 2\.0 +2 +ready, 5 min ago \(site away/);
  assert.match((await run('ns', 'status', 'shop', '--kdu', 'front')).outText, /Deployment front +n +2\/3/);
  northbound.kdus[0]!['phase'] = 'rolled-back';
  assert.match((await run('ns', 'kdus', 'shop')).outText, / rolled back, 5 min ago/);
  assert.match((await run('ns', 'history', 'shop')).outText, /1 +instantiate +stable\/web:1\.0/);
  const file = path.join(folder, 'values.yaml');
  writeFileSync(file, 'image: {tag: old, pull: Always}\n');
  const set = ['--set', 'image.tag=2.0.1', '--set', 'count=3', '--ready-within', '60'];
  const args = ['--chart', 'stable/web:3', '--values', file, ...set, '--wait'];
  const up = await run('ns', 'action', 'shop', 'upgrade', '--vnf', 'web', '--kdu', 'front', ...args);
  assert.equal(up.code, 0, up.errText);
  assert.deepEqual(northbound.operations[0]?.['operationParams'], {
    ...{ vnf: 'v1', kdu: 'front', action: 'upgrade' },
    params: { kdu_model: 'stable/web:3', values: { image: { tag: '2.0.1', pull: 'Always' }, count: 3 }, timeout: 60 },
  });
  assert.equal((await run('ns', 'action', 'shop', 'rollback', '--revision', '1')).code, 0);
  assert.equal((await run('ns', 'action', 'shop', 'rollback', '--set', 'a=1')).code, exitCodes.usage);
  assert.equal((await run('ns', 'action', 'shop', 'upgrade', '--kdu', 'db')).code, exitCodes.notFound);
});
