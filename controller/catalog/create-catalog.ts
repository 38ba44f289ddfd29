import { rm } from 'node:fs/promises';
import type { NsModel } from '#shared/descriptor/ns-model.ts';
import type { VnfModel } from '#shared/descriptor/vnf-model.ts';
import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { NsdInfo, StoredNsModel, StoredVnfModel, VnfPackage } from '#shared/model/catalog.ts';
import type { Digest, NsdInfoId, ProjectId, VnfPackageId } from '#shared/model/ids.ts';
import { defaultPackageLimits, type PackageLimits, type ReadPackageFn } from '#shared/package/package-reader.ts';
import type { Clock, Component, Logger, Random } from '#shared/runtime/index.ts';
import type { Change, Entry, Store } from '#shared/store/store.ts';
import type { RequestContext } from '../context.ts';
import { keys } from '../keys.ts';
import type { Notifier } from '../notify/notifier.ts';
import type { ArtefactStore } from './artefact-store.ts';
import { carriedImages, carryCharts } from './carried-files.ts';
import type { Catalog, CatalogKind, CatalogModels, CatalogPatch, OnboardOutcome, UploadedFile } from './catalog.ts';
import { nsdEvent, vnfPackageEvent } from './catalog-events.ts';
import { type CatalogRecord, CatalogRecords, digestsOf } from './catalog-records.ts';
import {
  failureOf,
  onboardedDigest,
  patched,
  referencedError,
  requireDeletable,
  requireEnabled,
  requireEtag,
  requireSmall,
  takenByOther,
  tooLarge,
} from './catalog-rules.ts';
import { ChartReferences, chartsOf } from './chart-references.ts';
import type { ChartStore } from './chart-store.ts';
import { readContent, requireKind, type SoundContent } from './content-reader.ts';
import { createdNsd, createdVnfPackage } from './onboarded-records.ts';
import { type CheckNsFn, findVnfPackage, type OnboardingPlan, planNsd, planVnfPackage } from './onboarding.ts';
import { PackageUsage } from './package-usage.ts';

export interface CatalogDependencies {
  store: Store;
  artefacts: ArtefactStore;
  charts: ChartStore;
  readPackage: ReadPackageFn;
  checkNs: CheckNsFn;
  notifier: Notifier;
  clock: Clock;
  random: Random;
  log: Logger;
  limits?: PackageLimits;
}

/** A commit that lost against another one is planned again, at most so often. */
const maxCommitAttempts = 5;

export function createCatalog(dependencies: CatalogDependencies): Catalog & CatalogModels & Component {
  return new CatalogEngine(dependencies);
}

class CatalogEngine implements Catalog, CatalogModels, Component {
  readonly #dependencies: CatalogDependencies & { limits: PackageLimits; usage: PackageUsage };
  readonly #records: CatalogRecords;
  readonly #chartReferences: ChartReferences;
  readonly #stopping = new AbortController();
  /** Tail of the queue of commits that add or drop references to content: what one adds, another must not remove. */
  #references: Promise<unknown> = Promise.resolve();

  constructor(dependencies: CatalogDependencies) {
    const usage = new PackageUsage(dependencies.store);
    this.#dependencies = { ...dependencies, limits: dependencies.limits ?? defaultPackageLimits, usage };
    this.#records = new CatalogRecords(dependencies.store, usage);
    this.#chartReferences = new ChartReferences(dependencies.store, dependencies.charts);
  }

  async start(): Promise<void> {
    const { artefacts, charts, log } = this.#dependencies;
    await Promise.all([artefacts.open(), charts.open()]);
    const missing = await artefacts.sweep(await this.#records.referencedDigests());
    for (const digest of missing) log.error({ digest }, 'content of an onboarded package is missing from the disk');
    for (const digest of await this.#chartReferences.sweep()) log.error({ digest }, 'a chart is missing from the disk');
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new SkerryError('Aborted', 'The catalogue is stopping'));
    await this.#references;
  }

  async createVnfPackage(context: RequestContext, userDefinedData: Record<string, string> = {}): Promise<VnfPackage> {
    const record = createdVnfPackage(this.#newRecord(context, userDefinedData));
    const key = keys.vnfPackage(record.id);
    await this.#dependencies.store.commit([{ key, value: record }], { expect: [{ key, revision: 0 }] });
    return record;
  }

  async createNsd(context: RequestContext, userDefinedData: Record<string, string> = {}): Promise<NsdInfo> {
    const record = createdNsd(this.#newRecord(context, userDefinedData));
    const key = keys.nsd(record.id);
    await this.#dependencies.store.commit([{ key, value: record }], { expect: [{ key, revision: 0 }] });
    return record;
  }

  async beginUpload(
    kind: CatalogKind,
    id: VnfPackageId | NsdInfoId,
    options: { bytes?: number; isRevision: boolean; ifMatch?: string },
  ) {
    const view = kind === 'nsd' ? await this.nsd(id as NsdInfoId) : await this.vnfPackage(id as VnfPackageId);
    requireEtag(view, options.ifMatch);
    if (view.onboardingState === 'ONBOARDED' && !options.isRevision) {
      throw new SkerryError('Conflict', `${id} has content already: its onboarding state is ONBOARDED, not CREATED`, {
        remedy: 'send If-Match with its ETag to onboard a new revision, or create another resource',
      });
    }
    const mark = this.#records.begin(kind, id, 'UPLOADING');
    try {
      const upload = await this.#newUpload(options.bytes, () => this.#records.end(mark));
      const fail = async (error: unknown) => {
        await upload.discard();
        await this.#recordFailure(kind, id, error);
      };
      return { ...upload, fail };
    } catch (error) {
      this.#records.end(mark);
      throw error;
    }
  }

  beginOnboard(options: { bytes?: number }) {
    return this.#newUpload(options.bytes, () => {});
  }

  async onboardVnfPackage(_context: RequestContext, id: VnfPackageId, file: UploadedFile) {
    await this.#onboardInto('vnf-package', id, file);
    return this.vnfPackage(id);
  }

  async onboardNsd(_context: RequestContext, id: NsdInfoId, file: UploadedFile) {
    await this.#onboardInto('nsd', id, file);
    return this.nsd(id);
  }

  async onboard(
    context: RequestContext,
    file: UploadedFile,
    options: { isRevision: boolean },
  ): Promise<OnboardOutcome> {
    const { projectId } = context.principal;
    const same = await this.#findByContent(projectId, `sha256:${file.sha256}` as Digest);
    if (same !== undefined) {
      await rm(file.path, { force: true });
      return same;
    }
    const content = await this.#read(file);
    try {
      return await this.#onboardByKind(context, content, options.isRevision);
    } catch (error) {
      // Another request may have onboarded the very same bytes meanwhile.
      const winner = await this.#findByContent(projectId, content.digest);
      if (winner !== undefined && isSkerryError(error) && error.code === 'Conflict') return winner;
      throw error;
    } finally {
      await this.#dependencies.artefacts.discard(content.staged);
    }
  }

  async modifyVnfPackage(_context: RequestContext, id: VnfPackageId, patch: CatalogPatch) {
    await this.#modify('vnf-package', id, patch, (record: VnfPackage, at) =>
      vnfPackageEvent('VnfPackageChangeNotification', record, at, { changeType: 'OP_STATE_CHANGE' }),
    );
    return this.vnfPackage(id);
  }

  async modifyNsd(_context: RequestContext, id: NsdInfoId, patch: CatalogPatch) {
    await this.#modify('nsd', id, patch, (record: NsdInfo, at) => nsdEvent('NsdChangeNotification', record, at));
    return this.nsd(id);
  }

  async deleteVnfPackage(_context: RequestContext, id: VnfPackageId): Promise<void> {
    const { clock, store } = this.#dependencies;
    await this.#delete('vnf-package', id, async (record: VnfPackage) => {
      const users = (await this.#records.list<NsdInfo>('nsd')).filter(({ value }) => value.vnfPackageIds.includes(id));
      if (users.length > 0) throw referencedError(id, users);
      const models = await store.range<StoredVnfModel>({ prefix: `vnf-model/${id}/` });
      const owned = record.vnfdId === undefined ? [] : [keys.vnfdOwner(record.projectId, record.vnfdId)];
      const event = vnfPackageEvent('VnfPackageChangeNotification', record, clock.now(), { changeType: 'PKG_DELETE' });
      return {
        keys: [...owned, ...models.map(({ key }) => key)],
        event,
        charts: models.flatMap(({ value }) => chartsOf(value)),
      };
    });
  }

  async deleteNsd(_context: RequestContext, id: NsdInfoId): Promise<void> {
    await this.#delete('nsd', id, async (record: NsdInfo) => ({
      keys: await this.#keysUnder(`ns-model/${id}/`),
      event: nsdEvent('NsdDeletionNotification', record, this.#dependencies.clock.now()),
    }));
  }

  vnfPackage(id: VnfPackageId) {
    return this.#records.vnfPackage(id);
  }

  vnfPackages() {
    return this.#records.views<VnfPackage>('vnf-package');
  }

  nsd(id: NsdInfoId) {
    return this.#records.nsd(id);
  }

  nsds() {
    return this.#records.views<NsdInfo>('nsd');
  }

  artifact(resource: CatalogRecord, path: string): string {
    const digest = onboardedDigest(resource);
    if (!resource.files.some((file) => file.path === path)) {
      throw new SkerryError('NotFound', `The package ${resource.id} has no file ${path}`);
    }
    return this.#dependencies.artefacts.filePath(digest, path);
  }

  content(resource: CatalogRecord): string {
    return this.#dependencies.artefacts.packagePath(onboardedDigest(resource));
  }

  async resolveNsd(nsdId: string, projectId?: ProjectId): Promise<NsdInfo> {
    const { store } = this.#dependencies;
    const byId = (await store.get<NsdInfo>(keys.nsd(nsdId)))?.value;
    const isTheirs = projectId === undefined || byId?.projectId === projectId;
    const record = (isTheirs ? byId : undefined) ?? (await this.#newestNsd(nsdId, projectId));
    if (record === undefined) throw new SkerryError('NotFound', `There is no NSD ${nsdId}`);
    requireEnabled('NSD', record, nsdId);
    return record;
  }

  async nsModel(id: NsdInfoId, revision: number): Promise<StoredNsModel> {
    const entry = await this.#dependencies.store.get<StoredNsModel>(keys.nsModel(id, revision));
    if (entry === undefined) throw new SkerryError('NotFound', `There is no revision ${revision} of NSD ${id}`);
    return entry.value;
  }

  async vnfModel(id: VnfPackageId, revision: number): Promise<StoredVnfModel> {
    const { value } = await this.#vnfModelEntry(id, revision);
    const isOfBefore = value.charts === undefined && value.model.kdus.length > 0;
    return isOfBefore ? this.#serialise(() => this.#makeCharts(id, revision)) : value;
  }

  async carriedFile(digest: Digest): Promise<string | undefined> {
    const { charts, store, artefacts } = this.#dependencies;
    if (await charts.has(digest)) return charts.path(digest);
    for (const { value } of await store.range<StoredVnfModel>({ prefix: 'vnf-model/' })) {
      const image = value.images?.find((each) => each.digest === digest);
      if (image !== undefined && value.contentDigest !== undefined)
        return artefacts.filePath(value.contentDigest, image.file);
    }
    return undefined;
  }

  async #vnfModelEntry(id: VnfPackageId, revision: number): Promise<Entry<StoredVnfModel>> {
    const entry = await this.#dependencies.store.get<StoredVnfModel>(keys.vnfModel(id, revision));
    if (entry === undefined) throw new SkerryError('NotFound', `There is no revision ${revision} of VNF package ${id}`);
    return entry;
  }

  /** Charts of a package that was onboarded before charts were kept; without them where its content is gone or Helm would refuse it. */
  async #makeCharts(id: VnfPackageId, revision: number): Promise<StoredVnfModel> {
    const { store, artefacts, charts, log } = this.#dependencies;
    const entry = await this.#vnfModelEntry(id, revision);
    const { value: record } = await this.#records.entry<VnfPackage>('vnf-package', id);
    const { contentDigest, descriptorPath, files } = record;
    if (entry.value.charts !== undefined || record.revision !== revision) return entry.value;
    if (contentDigest === undefined || descriptorPath === undefined) return entry.value;
    try {
      const folder = artefacts.filesFolder(contentDigest);
      const made = await carryCharts(charts, { folder, model: entry.value.model, descriptorPath, files });
      const { chartDigests: _, ...kept } = entry.value;
      const value: StoredVnfModel = { ...kept, charts: made, contentDigest };
      await store.commit([{ key: entry.key, value }], { expect: [{ key: entry.key, revision: entry.revision }] });
      return value;
    } catch (error) {
      log.warn({ id, revision, error: String(error) }, 'no charts could be made of a package of before');
      return entry.value;
    }
  }

  async resolveVnfd(nsd: NsdInfo, vnfdId: string): Promise<VnfPackage> {
    const entry = await findVnfPackage(this.#dependencies.store, nsd.projectId, vnfdId);
    if (entry === undefined) throw new SkerryError('NotFound', `No VNF package with vnfd-id ${vnfdId} is onboarded`);
    requireEnabled('VNF package', entry.value, vnfdId);
    return entry.value;
  }

  #newRecord(context: RequestContext, userDefinedData: Record<string, string>) {
    requireSmall(userDefinedData);
    const { clock, random } = this.#dependencies;
    return { id: random.uuid(), projectId: context.principal.projectId, userDefinedData, now: clock.now() };
  }

  async #newUpload(bytes: number | undefined, ended: () => void) {
    const { artefacts, limits } = this.#dependencies;
    if (bytes !== undefined && bytes > limits.maxPackageBytes) throw tooLarge(limits.maxPackageBytes);
    await artefacts.reserve(bytes ?? 0);
    const path = await artefacts.incomingPath();
    const discard = async () => {
      ended();
      await artefacts.discardIncoming(path);
    };
    return { path, maxBytes: limits.maxPackageBytes, discard, fail: discard };
  }

  #read(file: UploadedFile): Promise<SoundContent> {
    return readContent(this.#dependencies, file, this.#stopping.signal);
  }

  async #onboardInto(kind: CatalogKind, id: string, file: UploadedFile): Promise<void> {
    const mark = this.#records.begin(kind, id, 'PROCESSING');
    let content: SoundContent | undefined;
    try {
      await this.#records.entry(kind, id);
      content = await this.#read(file);
      requireKind(content, kind === 'nsd' ? 'nsd' : 'vnfd');
      await this.#settle(kind, content, () => this.#records.entry(kind, id));
    } catch (error) {
      await this.#recordFailure(kind, id, error);
      throw error;
    } finally {
      this.#records.end(mark);
      if (content !== undefined) await this.#dependencies.artefacts.discard(content.staged);
      await rm(file.path, { force: true });
    }
  }

  async #onboardByKind(context: RequestContext, content: SoundContent, isRevision: boolean): Promise<OnboardOutcome> {
    const kind = content.read.descriptor.kind === 'nsd' ? 'nsd' : 'vnf-package';
    if (kind === 'vnf-package') requireKind(content, 'vnfd');
    const taken = await this.#findByDescriptor(context.principal.projectId, kind, content);
    if (taken !== undefined && !isRevision) throw takenByOther(kind, taken);
    const fresh = this.#newRecord(context, {});
    const id = taken?.value.id ?? fresh.id;
    const mark = this.#records.begin(kind, id, 'PROCESSING');
    try {
      await this.#settle(kind, content, async () => {
        if (taken !== undefined) return this.#records.entry(kind, id);
        const value = kind === 'nsd' ? createdNsd(fresh) : createdVnfPackage(fresh);
        return { key: this.#records.keyOf(kind, id), value, revision: 0 };
      });
    } finally {
      this.#records.end(mark);
    }
    return this.#outcome(kind, id, taken === undefined ? 'created' : 'revised');
  }

  /** Makes content permanent and commits what it changes, planning again when another commit came between. */
  async #settle(
    kind: CatalogKind,
    content: SoundContent,
    readBefore: () => Promise<Entry<CatalogRecord>>,
  ): Promise<void> {
    const { artefacts, store, notifier } = this.#dependencies;
    const first = await readBefore();
    if (first.value.onboardingState === 'ONBOARDED' && first.value.contentDigest === content.digest) return;
    await this.#serialise(async () => {
      let carrying = content;
      try {
        carrying = kind === 'nsd' ? content : await this.#carry(content);
        for (let attempt = 1; ; attempt++) {
          const before = await readBefore();
          const plan = await this.#plan(kind, before, carrying);
          if (attempt === 1) await artefacts.keep(content.staged, content.digest);
          const changes = [...plan.changes, ...(await notifier.stage(plan.events))];
          if (await committed(() => store.commit(changes, { expect: plan.expect }), attempt)) {
            await this.#dropUnreferenced(before.value);
            return;
          }
        }
      } catch (error) {
        await this.#dropUnreferenced({ contentDigest: content.digest });
        await this.#chartReferences.drop(chartsOf(carrying.carried));
        throw error;
      }
    });
  }

  /** Keeps what agents will fetch of the package before anything refers to it. */
  async #carry(content: SoundContent): Promise<SoundContent> {
    const { model, document } = content.read.descriptor;
    const { descriptorPath, files } = content.read;
    const unpacked = { folder: content.staged.filesFolder, model: model as VnfModel, descriptorPath, files };
    const { images, warnings } = await carriedImages(document ?? {}, unpacked);
    const charts = await carryCharts(this.#dependencies.charts, unpacked);
    const carried = { charts, ...(images.length === 0 ? {} : { images }) };
    return { ...content, carried, warnings: [...content.warnings, ...warnings] };
  }

  #plan(
    kind: CatalogKind,
    before: Entry<CatalogRecord>,
    content: SoundContent,
  ): Promise<OnboardingPlan<CatalogRecord>> {
    const now = this.#dependencies.clock.now();
    return kind === 'nsd'
      ? planNsd(this.#dependencies, before as Entry<NsdInfo>, content, now)
      : planVnfPackage(this.#dependencies, before as Entry<VnfPackage>, content, now);
  }

  async #recordFailure(kind: CatalogKind, id: string, error: unknown): Promise<void> {
    const { store, notifier, clock, log } = this.#dependencies;
    try {
      const before = await this.#records.entry<CatalogRecord>(kind, id);
      if (before.value.onboardingState === 'ONBOARDED') return;
      const onboardingFailure = failureOf(error);
      const record = { ...before.value, onboardingFailure, modifiedAt: clock.now() };
      const { complaints: _, ...onboardingFailureDetails } = onboardingFailure;
      const change = { onboardingFailureDetails };
      const failed = 'NsdOnBoardingFailureNotification';
      const events = kind === 'nsd' ? [nsdEvent(failed, record as NsdInfo, clock.now(), change)] : [];
      const changes = [{ key: before.key, value: record }, ...(await notifier.stage(events))];
      await store.commit(changes, { expect: [{ key: before.key, revision: before.revision }] });
    } catch (second) {
      // The caller learns of the first error; a resource that was deleted meanwhile needs no note.
      log.warn({ kind, id, error: String(second) }, 'could not note that onboarding failed');
    }
  }

  async #modify<T extends CatalogRecord>(
    kind: CatalogKind,
    id: string,
    patch: CatalogPatch,
    eventOf: (record: T, at: number) => ReturnType<typeof nsdEvent>,
  ): Promise<void> {
    const { store, notifier, clock } = this.#dependencies;
    const view = kind === 'nsd' ? await this.nsd(id as NsdInfoId) : await this.vnfPackage(id as VnfPackageId);
    requireEtag(view, patch.ifMatch);
    for (let attempt = 1; ; attempt++) {
      const before = await this.#records.entry<T>(kind, id);
      const record = { ...before.value, ...patched(before.value, patch), modifiedAt: clock.now() };
      const isStateChanged = record.operationalState !== before.value.operationalState;
      const events = isStateChanged ? [eventOf(record, clock.now())] : [];
      const changes = [{ key: before.key, value: record }, ...(await notifier.stage(events))];
      const expect = [{ key: before.key, revision: before.revision }];
      if (await committed(() => store.commit(changes, { expect }), patch.ifMatch ? maxCommitAttempts : attempt)) return;
    }
  }

  async #delete<T extends CatalogRecord>(
    kind: CatalogKind,
    id: string,
    consequences: (record: T) => Promise<{ keys: string[]; event: ReturnType<typeof nsdEvent>; charts?: Digest[] }>,
  ): Promise<void> {
    const { store, notifier, usage } = this.#dependencies;
    await this.#serialise(async () => {
      const before = await this.#records.entry<T>(kind, id);
      requireDeletable(before.value, (await usage.read()).has(id) || this.#records.isBusy(kind, id));
      const { keys: gone, event, charts } = await consequences(before.value);
      const changes: Change[] = [before.key, ...gone].map((key) => ({ key, value: undefined }));
      const events = before.value.onboardingState === 'ONBOARDED' ? [event] : [];
      changes.push(...(await notifier.stage(events)));
      await store.commit(changes, { expect: [{ key: before.key, revision: before.revision }] });
      await this.#dropUnreferenced(before.value);
      await this.#chartReferences.drop(charts ?? []);
    });
  }

  async #keysUnder(prefix: string): Promise<string[]> {
    return (await this.#dependencies.store.range({ prefix })).map((entry) => entry.key);
  }

  async #findByContent(projectId: ProjectId, digest: Digest): Promise<OnboardOutcome | undefined> {
    for (const kind of ['vnf-package', 'nsd'] as const) {
      const found = (await this.#records.list(kind)).find(
        ({ value }) => value.projectId === projectId && value.contentDigest === digest,
      );
      if (found !== undefined) return this.#outcome(kind, found.value.id, 'unchanged');
    }
    return undefined;
  }

  async #findByDescriptor(
    projectId: ProjectId,
    kind: CatalogKind,
    content: SoundContent,
  ): Promise<Entry<CatalogRecord> | undefined> {
    const { store } = this.#dependencies;
    if (kind === 'vnf-package') {
      const model = content.read.descriptor.model as { vnfdId: string };
      return findVnfPackage(store, projectId, model.vnfdId);
    }
    const record = await this.#newestNsd((content.read.descriptor.model as NsModel).nsdId, projectId);
    return record && this.#records.entry('nsd', record.id);
  }

  async #newestNsd(nsdId: string, projectId?: ProjectId): Promise<NsdInfo | undefined> {
    const entries = (await this.#records.list<NsdInfo>('nsd')).filter(
      ({ value }) => value.nsdId === nsdId && (projectId === undefined || value.projectId === projectId),
    );
    // An enabled one goes first, so that disabling the newest brings back the one before.
    const rank = ({ value }: Entry<NsdInfo>) => (value.operationalState === 'ENABLED' ? 1 : 0);
    entries.sort((left, right) => rank(right) - rank(left) || right.value.createdAt - left.value.createdAt);
    return entries[0]?.value;
  }

  async #outcome(kind: CatalogKind, id: string, outcome: OnboardOutcome['outcome']): Promise<OnboardOutcome> {
    return kind === 'nsd'
      ? { outcome, kind, resource: await this.nsd(id as NsdInfoId) }
      : { outcome, kind, resource: await this.vnfPackage(id as VnfPackageId) };
  }

  /** Removes content that a record referred to and that none refers to now. */
  async #dropUnreferenced(record: Pick<CatalogRecord, 'contentDigest' | 'formerDigests'>): Promise<void> {
    const digests = digestsOf(record);
    if (digests.length === 0) return;
    const referenced = await this.#records.referencedDigests();
    for (const digest of digests) {
      if (!referenced.has(digest)) await this.#dependencies.artefacts.remove(digest);
    }
  }

  #serialise<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#references.then(work);
    this.#references = done.catch(() => undefined);
    return done;
  }
}

/** False when another commit came between and the plan must be made again. */
async function committed(commit: () => Promise<unknown>, attempt: number): Promise<boolean> {
  try {
    await commit();
    return true;
  } catch (error) {
    if (isSkerryError(error) && error.code === 'RevisionConflict' && attempt < maxCommitAttempts) return false;
    throw error;
  }
}
