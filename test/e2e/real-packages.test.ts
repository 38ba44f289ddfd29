import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { create } from 'tar';
import { ProblemError, type VnfView } from '#controller/cli/index.ts';
import { projectFolder, Rig, samplesFolder } from './rig.ts';
import { onSite, scaleNs, scaleVnf } from './service.ts';
import type { Site } from './site.ts';

const fieldFolder = path.resolve(projectFolder, '..', 'shared', 'data', 'packages');
const isFieldData = existsSync(fieldFolder);

interface Service {
  nsdId: string;
  /** Units that do its work: what a person counts in the descriptors. */
  parts: { compute?: number; 'helm-release'?: number };
}

interface OnboardingReport {
  format: string;
  translated: unknown[];
}

const samples: Service[] = [
  { nsdId: 'edge_service_ns', parts: { compute: 3, 'helm-release': 1 } },
  { nsdId: 'single_vm_ns', parts: { compute: 1 } },
  { nsdId: 'web_ns', parts: { 'helm-release': 1 } },
  { nsdId: 'hybrid_ns', parts: { compute: 1, 'helm-release': 1 } },
  { nsdId: 'multus_ns', parts: { 'helm-release': 1 } },
];
const field: Service[] = [
  { nsdId: 'hackfest_basic-ns', parts: { compute: 1 } },
  { nsdId: 'ubuntu-data-ns', parts: { compute: 1 } },
  { nsdId: 'openldap_ns', parts: { 'helm-release': 1 } },
  // Each of these has two VNFs; all but the first have two machines in each.
  { nsdId: 'cirros_2vnf_nsd', parts: { compute: 2 } },
  { nsdId: 'hackfest_epasriov-ns', parts: { compute: 4 } },
  { nsdId: 'hackfest_multivdu-ns', parts: { compute: 4 } },
  { nsdId: 'hackfest-simplecharm-ns', parts: { compute: 4 } },
];
const siteNames = ['site-a', 'site-b', 'site-c'];

test('packages as operators have them, from the archive to the end of their service', async (t) => {
  const rig = await Rig.start(t, { sites: siteNames, packages: [] });

  await t.test('the samples onboard as OSM archives', () => onboardAll(rig, packagesIn(samplesFolder)));
  await t.test('those of the field too', { skip: isFieldData ? false : `${fieldFolder} is not here` }, async () => {
    await onboardAll(rig, packagesIn(fieldFolder));
    const legacy = packagesIn(path.join(fieldFolder, 'legacy-r8'));
    await onboardAll(rig, legacy);
    await assertTranslated(rig, legacy.length);
  });

  const services = [...samples, ...(isFieldData ? field : [])];
  const waiting = services.entries();
  const lives = siteNames.map(async (name) => {
    for (const [, service] of waiting)
      await t.test(`${service.nsdId} lives on ${name}`, () => live(rig, rig.site(name), service));
  });
  await Promise.all(lives);
});

/** VNF packages before the NSDs that name them. */
function packagesIn(folder: string): string[] {
  const isNs = (name: string) => Number(/_ns$/.test(name));
  return readdirSync(folder)
    .filter((name) => /_(vnf|knf|ns)$/.test(name))
    .sort((left, right) => isNs(left) - isNs(right))
    .map((name) => path.join(folder, name));
}

/** The two requests of SOL005 for each package: create the resource, upload its content (clauses 5.4 and 9.4). */
async function onboardAll(rig: Rig, folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const name = path.basename(folder);
    const isNs = name.endsWith('_ns');
    const root = isNs ? '/nsd/v2/ns_descriptors' : '/vnfpkgm/v2/vnf_packages';
    const version = isNs ? '2.3.0' : '2.4.0';
    const { http } = rig.api;
    const { body } = await http.call<{ id: string }>('POST', root, { body: {}, headers: { version } });
    const source = Readable.from(create({ gzip: true, cwd: path.dirname(folder) }, [name]));
    const uploaded = await http.call('PUT', `${root}/${body.id}/${isNs ? 'nsd_content' : 'package_content'}`, {
      stream: { source, contentType: 'application/gzip' },
      headers: { version },
    });
    assert.equal(uploaded.status, 202, name);
    await rig.until(`${name} is onboarded`, async () => {
      const info = await rig.api.package(isNs ? 'ns' : 'vnf', body.id);
      const state = 'nsdOnboardingState' in info ? info.nsdOnboardingState : info.onboardingState;
      return state === 'ONBOARDED' ? info : undefined;
    });
  }
}

/** What was translated from the format before SOL006 is told on the resource. */
async function assertTranslated(rig: Rig, count: number): Promise<void> {
  const all = [...(await rig.api.vnfPackages()), ...(await rig.api.nsds())];
  const reports = all.flatMap((info) => (info['onboardingReport'] as OnboardingReport | undefined) ?? []);
  assert.equal(reports.length, all.length, 'every resource has a report');
  const legacy = reports.filter((report) => report.format === 'legacy-osm');
  assert.equal(legacy.length, count);
  for (const report of legacy) assert.ok(report.translated.length > 0);
}

async function live(rig: Rig, site: Site, service: Service): Promise<void> {
  const already = site.effects();
  const id = await rig.newNs(service.nsdId, `${service.nsdId}-on-${site.name}`, onSite(site.name));
  const ns = await rig.ns(id);
  const vnfs = ns.vnfInstance ?? [];
  assertParts(vnfs, service);
  for (const vnf of vnfs) {
    // The Helm KNF of the field names no service, so nothing tells which of its addresses is meant.
    const hasMachines = vnf._skerry?.units?.some((unit) => unit.kind === 'compute');
    if (hasMachines) assert.ok(vnf._skerry?.managementAddress, `${vnf.vnfInstanceName} has a management address`);
    assert.equal(vnf._skerry?.siteName, site.name);
  }

  for (const vnf of vnfs) await scaleEveryAspect(rig, id, vnf);
  if (service.nsdId === 'edge_service_ns') {
    await rig.completed(await rig.api.scaleNs(id, scaleNs('caches')));
    assert.equal((await rig.ns(id)).vnfInstance?.length, vnfs.length + 1);
    await rig.completed(await rig.api.scaleNs(id, scaleNs('caches', 'IN')));
  }
  assertParts((await rig.ns(id)).vnfInstance ?? [], service);

  const parts = partsOf((await rig.ns(id)).vnfInstance ?? []);
  await rig.completed(await rig.api.healNs(id, { healNsData: { degreeHealing: 'HEAL_RESTORE' } }));
  site.effects().assertExact(new Map([...healedBefore(already), ...parts.map((key) => [key, 1] as const)]));
  assertParts((await rig.ns(id)).vnfInstance ?? [], service);

  await rig.completed(await rig.api.terminateNs(id, {}));
  assert.deepEqual(madeAndLeft(site), [], 'nothing that was made is left');
  await rig.api.deleteNs(id);
}

/** One step out and back on each aspect that the VNF has; one that has none says so. */
async function scaleEveryAspect(rig: Rig, nsId: string, vnf: VnfView): Promise<void> {
  const aspects = vnf.instantiatedVnfInfo?.scaleStatus ?? [];
  if (aspects.length === 0) {
    await assert.rejects(
      rig.api.scaleNs(nsId, scaleVnf(vnf.id, 'whatever')),
      (error) => error instanceof ProblemError && error.problem.status === 422 && /aspect/.test(error.message),
    );
  }
  const before = partsOf([vnf]).length;
  for (const { aspectId } of aspects) {
    await rig.completed(await rig.api.scaleNs(nsId, scaleVnf(vnf.id, aspectId)));
    const grown = (await rig.ns(nsId)).vnfInstance?.find((one) => one.id === vnf.id);
    const status = grown?.instantiatedVnfInfo?.scaleStatus?.find((one) => one.aspectId === aspectId);
    assert.equal(status?.scaleLevel, 1, `${vnf.vnfInstanceName} on ${aspectId}`);
    const isGrownByUnits = partsOf(grown === undefined ? [] : [grown]).length > before;
    assert.ok(isGrownByUnits || vnf._skerry?.units?.some((unit) => unit.kind === 'helm-release'));
    await rig.completed(await rig.api.scaleNs(nsId, scaleVnf(vnf.id, aspectId, 'IN')));
  }
}

function partsOf(vnfs: readonly VnfView[]): string[] {
  const units = vnfs.flatMap((vnf) => vnf._skerry?.units ?? []);
  return units.filter((unit) => unit.kind === 'compute' || unit.kind === 'helm-release').map((unit) => unit.key);
}

function assertParts(vnfs: readonly VnfView[], service: Service): void {
  const found: Record<string, number> = {};
  for (const unit of vnfs.flatMap((vnf) => vnf._skerry?.units ?? [])) {
    assert.ok(unit.ready, `${unit.key}: ${unit.message}`);
    if (unit.kind === 'compute' || unit.kind === 'helm-release') found[unit.kind] = (found[unit.kind] ?? 0) + 1;
  }
  assert.deepEqual(found, service.parts, service.nsdId);
}

/** A network that was there before (`vim-network-name`) is not ours to remove. */
function madeAndLeft(site: Site): string[] {
  const standing = [...site.effects().standing.values()];
  return standing.filter((unit) => unit.spec['existingName'] === undefined).map((unit) => unit.key);
}

/** Earlier services of the same site were healed as well. */
function healedBefore(effects: ReturnType<Site['effects']>): [string, number][] {
  return [...effects.incarnations()].map(([key, made]) => [key, made - 1]);
}
