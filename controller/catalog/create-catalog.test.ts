import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { isSkerryError } from '#shared/errors/index.ts';
import type { NsdInfoId, ProjectId, VnfPackageId } from '#shared/model/ids.ts';
import { keys } from '../keys.ts';
import { type CatalogBench, context, startCatalog } from './testing/catalog-bench.ts';
import { fakeComplaint, fakeNsd, fakeVnf } from './testing/fake-packages.ts';

describe('catalogue', () => {
  let bench: CatalogBench;
  beforeEach(async () => {
    bench = await startCatalog();
  });
  afterEach(() => bench.stop());

  const contents = async () => (await readdir(bench.folder)).filter((name) => name !== 'incoming');
  async function onboardVnf(fake = fakeVnf('router')) {
    const { id } = await bench.catalog.createVnfPackage(context);
    return bench.catalog.onboardVnfPackage(context, id, await bench.upload(fake));
  }
  async function onboardNsd(fake = fakeNsd('edge', ['router'])) {
    const { id } = await bench.catalog.createNsd(context);
    return bench.catalog.onboardNsd(context, id, await bench.upload(fake));
  }
  const use = (vnfPackageId: string, nsdInfoId = 'nsd') =>
    bench.store.commit([
      { key: keys.ns('n1'), value: { nsdInfoId } },
      { key: keys.vnf('v1'), value: { vnfPackageId } },
    ]);

  it('onboards a VNF package: state, identity, model, files', async () => {
    const created = await bench.catalog.createVnfPackage(context, { owner: 'me' });
    assert.equal(created.onboardingState, 'CREATED');
    assert.equal(created.operationalState, 'DISABLED');
    const fake = fakeVnf('router', { files: { 'cloud_init/a.txt': '#cloud-config', 'icons/i.png': 'x' } });
    const view = await bench.catalog.onboardVnfPackage(context, created.id, await bench.upload(fake));
    assert.equal(view.onboardingState, 'ONBOARDED');
    assert.equal(view.operationalState, 'ENABLED');
    assert.equal(view.usageState, 'NOT_IN_USE');
    assert.equal(view.revision, 1);
    assert.equal(view.vnfdId, 'router');
    assert.deepEqual(view.userDefinedData, { owner: 'me' });
    const model = await bench.catalog.vnfModel(view.id, 1);
    assert.equal(model.model.vnfdId, 'router');
    assert.deepEqual(model.texts, { 'cloud_init/a.txt': '#cloud-config' });
    assert.equal(await readFile(bench.catalog.artifact(view, 'icons/i.png'), 'utf8'), 'x');
    assert.equal(await readFile(bench.catalog.content(view), 'utf8'), JSON.stringify(fake));
    assert.deepEqual(
      bench.events.map((event) => event.type),
      ['VnfPackageOnboardingNotification'],
    );
    assert.deepEqual(await readdir(path.join(bench.folder, 'incoming')), []);
  });

  it('refuses files that are not listed, and content before it is onboarded', async () => {
    const view = await onboardVnf();
    assert.throws(() => bench.catalog.artifact(view, '../package'), codeIs('NotFound'));
    assert.throws(() => bench.catalog.artifact(view, 'absent'), codeIs('NotFound'));
    assert.throws(() => bench.catalog.content({ ...view, contentDigest: undefined }), codeIs('Conflict'));
  });

  it('keeps all complaints on the resource when onboarding fails, and can be tried again', async () => {
    const { id } = await bench.catalog.createVnfPackage(context);
    const complaints = [
      fakeComplaint('error', 'one'),
      fakeComplaint('warning', 'two'),
      fakeComplaint('error', 'three'),
    ];
    const file = await bench.upload(fakeVnf('router', { complaints }));
    await assert.rejects(bench.catalog.onboardVnfPackage(context, id, file), codeIs('InvalidDescriptor'));
    const failed = await bench.catalog.vnfPackage(id);
    assert.equal(failed.onboardingState, 'CREATED');
    assert.deepEqual(failed.onboardingFailure?.complaints, complaints);
    assert.deepEqual(await contents(), []);
    const mended = await bench.catalog.onboardVnfPackage(context, id, await bench.upload(fakeVnf('router')));
    assert.equal(mended.onboardingState, 'ONBOARDED');
    assert.equal(mended.onboardingFailure, undefined);
  });

  it('keeps warnings on the onboarded resource', async () => {
    const view = await onboardVnf(fakeVnf('router', { complaints: [fakeComplaint('warning', 'odd')] }));
    assert.deepEqual(
      view.warnings.map((warning) => warning.message),
      ['odd'],
    );
  });

  it('refuses a second package with the same vnfd-id and names the first', async () => {
    const first = await onboardVnf();
    await assert.rejects(onboardVnf(fakeVnf('router', { files: { a: 'b' } })), (error) => {
      assert.ok(isSkerryError(error));
      assert.equal(error.code, 'Conflict');
      assert.equal(error.details['vnfPkgId'], first.id);
      assert.equal(error.details['isIdentical'], false);
      return true;
    });
    await assert.rejects(onboardVnf(), /with identical content/);
    assert.equal((await contents()).length, 1);
  });

  it('lets only one of two simultaneous uploads of a vnfd-id win', async () => {
    const results = await Promise.allSettled([onboardVnf(), onboardVnf(fakeVnf('router', { files: { a: 'b' } }))]);
    assert.deepEqual(results.map((result) => result.status).sort(), ['fulfilled', 'rejected']);
    assert.equal((await contents()).length, 1);
  });

  it('refuses an NSD in the place of a VNF package', async () => {
    const { id } = await bench.catalog.createVnfPackage(context);
    const file = await bench.upload(fakeNsd('edge', []));
    await assert.rejects(bench.catalog.onboardVnfPackage(context, id, file), codeIs('InvalidPackage'));
  });

  it('resolves every vnfd-id of an NSD, or names the missing ones', async () => {
    const vnf = await onboardVnf();
    await assert.rejects(onboardNsd(fakeNsd('edge', ['router', 'firewall', 'proxy'])), (error) => {
      assert.ok(isSkerryError(error));
      assert.deepEqual(error.details['missingVnfdIds'], ['firewall', 'proxy']);
      return error.code === 'Conflict';
    });
    const nsd = await onboardNsd();
    assert.deepEqual(nsd.vnfPackageIds, [vnf.id]);
    assert.equal((await bench.catalog.resolveNsd('edge')).id, nsd.id);
    assert.equal((await bench.catalog.resolveNsd('edge', nsd.projectId)).id, nsd.id);
    for (const name of ['edge', nsd.id])
      await assert.rejects(bench.catalog.resolveNsd(name, 'another' as ProjectId), codeIs('NotFound'));
    assert.equal((await bench.catalog.resolveVnfd(nsd, 'router')).id, vnf.id);
    assert.equal((await bench.catalog.nsModel(nsd.id, 1)).model.nsdId, 'edge');
    assert.ok(bench.events.some((event) => event.type === 'NsdOnBoardingFailureNotification'));
  });

  it('marks a resource UPLOADING, refuses a second upload, forgets the mark', async () => {
    const { id } = await bench.catalog.createVnfPackage(context);
    const upload = await bench.catalog.beginUpload('vnf-package', id, { isRevision: false });
    assert.equal((await bench.catalog.vnfPackage(id)).onboardingState, 'UPLOADING');
    await assert.rejects(bench.catalog.beginUpload('vnf-package', id, { isRevision: false }), codeIs('Conflict'));
    await upload.discard();
    assert.equal((await bench.catalog.vnfPackage(id)).onboardingState, 'CREATED');
  });

  it('refuses uploads to onboarded content unless a revision is asked for', async () => {
    const view = await onboardVnf();
    await assert.rejects(bench.catalog.beginUpload('vnf-package', view.id, { isRevision: false }), codeIs('Conflict'));
    await assert.rejects(
      bench.catalog.beginUpload('vnf-package', view.id, { isRevision: true, ifMatch: 'old' }),
      codeIs('PreconditionFailed'),
    );
    const upload = await bench.catalog.beginUpload('vnf-package', view.id, { isRevision: true, ifMatch: view.etag });
    await upload.discard();
  });

  it('counts revisions, keeps models, drops content that nobody runs', async () => {
    const first = await onboardVnf();
    const next = fakeVnf('router', { files: { a: 'b' } });
    const second = await bench.catalog.onboardVnfPackage(context, first.id, await bench.upload(next));
    assert.equal(second.revision, 2);
    assert.equal((await bench.catalog.vnfModel(first.id, 1)).model.vnfdId, 'router');
    assert.equal((await contents()).length, 1);
    const same = await bench.catalog.onboardVnfPackage(context, first.id, await bench.upload(next));
    assert.equal(same.revision, 2);
    const other = await bench.upload(fakeVnf('switch'));
    await assert.rejects(bench.catalog.onboardVnfPackage(context, first.id, other), /must keep the vnfd-id/);
    assert.equal((await bench.catalog.vnfPackage(first.id)).onboardingState, 'ONBOARDED');
  });

  it('limits what a revision of a package in use changes, and keeps the content that runs', async () => {
    const first = await onboardVnf();
    await use(first.id);
    const document = { id: 'router', 'software-version': '1.0' };
    const revise = async (changed: object, softwareVersion?: string) =>
      bench.catalog.onboardVnfPackage(
        context,
        first.id,
        await bench.upload(fakeVnf('router', { softwareVersion, document: { ...document, ...changed } })),
      );
    await assert.rejects(revise({ vdu: [{ id: 'b' }] }), /in use and the new revision changes vnfd\/vdu/);
    assert.equal((await revise({ 'vnf-indicator': [{ id: 'x' }] })).revision, 2);
    assert.equal((await revise({ vdu: [{ id: 'b' }], 'software-version': '2.0' }, '2.0')).revision, 3);
    assert.equal((await contents()).length, 3);
    await bench.catalog.start();
    assert.equal((await contents()).length, 3);
  });

  it('switches the operational state by the rules, with If-Match and merge patch', async () => {
    const created = await bench.catalog.createVnfPackage(context, { a: '1', b: '2' });
    const patch = (operationalState: 'ENABLED' | 'DISABLED', id = created.id) =>
      bench.catalog.modifyVnfPackage(context, id, { operationalState });
    await assert.rejects(patch('ENABLED'), codeIs('Conflict'));
    const merged = await bench.catalog.modifyVnfPackage(context, created.id, { userDefinedData: { a: null, c: '3' } });
    assert.deepEqual(merged.userDefinedData, { b: '2', c: '3' });
    const view = await onboardVnf();
    await assert.rejects(patch('ENABLED', view.id), codeIs('Conflict'));
    assert.equal((await patch('DISABLED', view.id)).operationalState, 'DISABLED');
    await assert.rejects(
      bench.catalog.modifyVnfPackage(context, view.id, { operationalState: 'ENABLED', ifMatch: view.etag }),
      codeIs('PreconditionFailed'),
    );
    assert.equal(bench.events.at(-1)?.facts['changeType'], 'OP_STATE_CHANGE');
  });

  it('deletes only what is disabled, unused and not named by an NSD', async () => {
    const vnf = await onboardVnf();
    const nsd = await onboardNsd();
    const remove = () => bench.catalog.deleteVnfPackage(context, vnf.id);
    await assert.rejects(remove(), /ENABLED/);
    await bench.catalog.modifyVnfPackage(context, vnf.id, { operationalState: 'DISABLED' });
    await assert.rejects(remove(), /named by NSDs/);
    await bench.catalog.modifyNsd(context, nsd.id, { operationalState: 'DISABLED' });
    await use(vnf.id, nsd.id);
    assert.equal((await bench.catalog.nsd(nsd.id)).usageState, 'IN_USE');
    await assert.rejects(bench.catalog.deleteNsd(context, nsd.id), /in use/);
    await bench.store.commit([
      { key: keys.ns('n1'), value: undefined },
      { key: keys.vnf('v1'), value: undefined },
    ]);
    await bench.catalog.deleteNsd(context, nsd.id);
    await remove();
    assert.deepEqual(await contents(), []);
    assert.deepEqual(await bench.store.range({ prefix: '' }), []);
    assert.equal((await onboardVnf()).onboardingState, 'ONBOARDED');
  });

  it('disabled content is not resolved for instances', async () => {
    await onboardVnf();
    const nsd = await onboardNsd();
    await bench.catalog.modifyNsd(context, nsd.id, { operationalState: 'DISABLED' });
    await assert.rejects(bench.catalog.resolveNsd(nsd.id), codeIs('Conflict'));
    await assert.rejects(bench.catalog.resolveNsd('absent' as NsdInfoId), codeIs('NotFound'));
    const [vnf] = await bench.catalog.vnfPackages();
    await bench.catalog.modifyVnfPackage(context, vnf!.id, { operationalState: 'DISABLED' });
    await assert.rejects(bench.catalog.resolveVnfd(nsd, 'router'), codeIs('Conflict'));
  });

  it('onboards in one step by content, and says so when nothing is new', async () => {
    const once = async (fake: object, isRevision = false) =>
      bench.catalog.onboard(context, await bench.upload(fake), { isRevision });
    const created = await once(fakeVnf('router'));
    assert.equal(created.outcome, 'created');
    assert.equal(created.kind, 'vnf-package');
    const again = await once(fakeVnf('router'));
    assert.equal(again.outcome, 'unchanged');
    assert.equal(again.resource.id, created.resource.id);
    await assert.rejects(once(fakeVnf('router', { files: { a: 'b' } })), codeIs('Conflict'));
    const revised = await once(fakeVnf('router', { files: { a: 'b' } }), true);
    assert.equal(revised.outcome, 'revised');
    assert.equal(revised.resource.revision, 2);
    assert.equal((await once(fakeNsd('edge', ['router']))).kind, 'nsd');
    await assert.rejects(
      once(fakeVnf('bad', { complaints: [fakeComplaint('error', 'no')] })),
      codeIs('InvalidDescriptor'),
    );
    assert.equal((await bench.catalog.vnfPackages()).length, 1);
    assert.deepEqual(await readdir(path.join(bench.folder, 'incoming')), []);
  });

  it('two equal one-step uploads at once make one package', async () => {
    const once = async () => bench.catalog.onboard(context, await bench.upload(fakeVnf('r')), { isRevision: false });
    const results = await Promise.all([once(), once(), once()]);
    assert.deepEqual(results.map((result) => result.outcome).sort(), ['created', 'unchanged', 'unchanged']);
    assert.equal((await bench.catalog.vnfPackages()).length, 1);
  });

  it('two resources with equal NSD content share a folder until both are gone', async () => {
    const [first, second] = [await onboardNsd(fakeNsd('edge', [])), await onboardNsd(fakeNsd('edge', []))];
    assert.equal((await contents()).length, 1);
    for (const [nsd, left] of [
      [first, 1],
      [second, 0],
    ] as const) {
      await bench.catalog.modifyNsd(context, nsd.id, { operationalState: 'DISABLED' });
      await bench.catalog.deleteNsd(context, nsd.id);
      assert.equal((await contents()).length, left);
    }
  });

  it('start removes half uploads and content that nobody refers to', async () => {
    const view = await onboardVnf();
    await mkdir(path.join(bench.folder, 'a'.repeat(64), 'files'), { recursive: true });
    await mkdir(path.join(bench.folder, 'incoming', 'half'));
    await writeFile(path.join(bench.folder, 'incoming', 'half', 'package'), 'x');
    await bench.catalog.start();
    assert.deepEqual(await contents(), [view.contentDigest?.slice(7)]);
    assert.deepEqual(await readdir(path.join(bench.folder, 'incoming')), []);
  });

  it('a commit that fails leaves neither record nor content', async () => {
    const { id } = await bench.catalog.createVnfPackage(context);
    const commit = bench.store.commit.bind(bench.store);
    bench.store.commit = async () => {
      throw new Error('no disk');
    };
    await assert.rejects(bench.catalog.onboardVnfPackage(context, id, await bench.upload(fakeVnf('r'))), /no disk/);
    bench.store.commit = commit;
    assert.deepEqual(await contents(), []);
    assert.equal((await bench.catalog.vnfPackage(id as VnfPackageId)).onboardingState, 'CREATED');
  });
});

function codeIs(code: string) {
  return (error: unknown) => isSkerryError(error) && error.code === code;
}
