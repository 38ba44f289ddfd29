import type { Complaint } from '#shared/descriptor/complaint.ts';
import type { NsModel } from '#shared/descriptor/ns-model.ts';
import type { ParsedDescriptor } from '#shared/descriptor/parsed-descriptor.ts';
import type { VnfModel } from '#shared/descriptor/vnf-model.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { NsdInfo, StoredNsModel, StoredVnfModel, VnfPackage } from '#shared/model/catalog.ts';
import type { ProjectId, VnfPackageId } from '#shared/model/ids.ts';
import type { Change, Entry, Expectation, Store } from '#shared/store/store.ts';
import { keys } from '../keys.ts';
import type { NotificationEvent } from '../notify/notifier.ts';
import { nsdEvent, vnfPackageEvent } from './catalog-events.ts';
import { digestsOf } from './catalog-records.ts';
import { readTexts, type SoundContent } from './content-reader.ts';
import { onboardedNsd, onboardedVnfPackage } from './onboarded-records.ts';
import type { PackageUsage } from './package-usage.ts';
import { forbiddenChanges } from './revision-rule.ts';

/** Compares an NSD with the VNFDs that it names: connection points, flavours, levels. Pure. */
export type CheckNsFn = (
  nsd: NsModel,
  vnfds: ReadonlyMap<string, VnfModel>,
  parsed: Pick<ParsedDescriptor, 'document' | 'locate'>,
) => Complaint[];

/** `vnfd-owner/<project>/<vnfd-id>` */
export interface VnfdOwner {
  packageId: VnfPackageId;
}

/** One commit that onboards content: everything that must hold, everything that changes. */
export interface OnboardingPlan<T> {
  record: T;
  changes: Change[];
  expect: Expectation[];
  events: NotificationEvent[];
}

export interface OnboardingDependencies {
  store: Store;
  usage: PackageUsage;
  checkNs: CheckNsFn;
}

/** @throws Conflict when another package holds the vnfd-id, or when a package in use would change too much */
export async function planVnfPackage(
  { store, usage }: OnboardingDependencies,
  before: Entry<VnfPackage>,
  content: SoundContent,
  now: number,
): Promise<OnboardingPlan<VnfPackage>> {
  const isInUse = (await usage.read()).has(before.value.id);
  const record = keepFormer(onboardedVnfPackage(before.value, content, now), before.value, isInUse);
  const vnfdId = record.vnfdId ?? '';
  requireSameId('vnfd-id', before.value.vnfdId, vnfdId);
  const ownerKey = keys.vnfdOwner(record.projectId, vnfdId);
  const owner = await store.get<VnfdOwner>(ownerKey);
  if (owner !== undefined && owner.value.packageId !== record.id) throw await takenError(store, owner.value, content);
  if (isInUse) {
    const present = await store.get<StoredVnfModel>(keys.vnfModel(record.id, before.value.revision));
    requireAllowedChanges('vnfd', present?.value, content);
  }
  const model: StoredVnfModel = {
    model: content.read.descriptor.model as VnfModel,
    document: content.read.descriptor.document ?? {},
    texts: await readTexts(content),
    contentDigest: content.digest,
    ...content.carried,
  };
  const modelKey = keys.vnfModel(record.id, record.revision);
  return {
    record,
    changes: [
      { key: before.key, value: record },
      { key: modelKey, value: model },
      { key: ownerKey, value: { packageId: record.id } satisfies VnfdOwner },
    ],
    expect: [
      { key: before.key, revision: before.revision },
      { key: modelKey, revision: 0 },
      { key: ownerKey, revision: owner?.revision ?? 0 },
    ],
    events: [vnfPackageEvent('VnfPackageOnboardingNotification', record, now)],
  };
}

/** @throws Conflict naming vnfd-ids that are not onboarded; InvalidDescriptor when NSD and VNFDs do not fit */
export async function planNsd(
  { store, usage, checkNs }: OnboardingDependencies,
  before: Entry<NsdInfo>,
  content: SoundContent,
  now: number,
): Promise<OnboardingPlan<NsdInfo>> {
  const model = content.read.descriptor.model as NsModel;
  requireSameId('nsd-id', before.value.nsdId, model.nsdId);
  const vnfs = await resolveVnfds(store, before.value.projectId, model.vnfdIds);
  const vnfds = await readVnfModels(store, vnfs);
  const complaints = checkNs(model, vnfds, content.read.descriptor);
  if (complaints.some((complaint) => complaint.severity === 'error')) throw misfitError(complaints, content);
  const isInUse = (await usage.read()).has(before.value.id);
  if (isInUse) {
    const present = await store.get<StoredNsModel>(keys.nsModel(before.value.id, before.value.revision));
    requireAllowedChanges('nsd', present?.value, content);
  }
  const packages = vnfs.map((entry) => entry.value);
  const record = keepFormer(onboardedNsd(before.value, content, packages, now), before.value, isInUse);
  record.warnings = [...record.warnings, ...complaints];
  const stored: StoredNsModel = { model, document: content.read.descriptor.document ?? {} };
  const modelKey = keys.nsModel(record.id, record.revision);
  return {
    record,
    changes: [
      { key: before.key, value: record },
      { key: modelKey, value: stored },
    ],
    expect: [
      { key: before.key, revision: before.revision },
      { key: modelKey, revision: 0 },
      ...vnfs.map(({ key, revision }) => ({ key, revision })),
    ],
    events: [nsdEvent('NsdOnBoardingNotification', record, now)],
  };
}

/** Onboarded packages of a project for vnfd-ids, in their order. */
async function resolveVnfds(store: Store, projectId: ProjectId, vnfdIds: string[]): Promise<Entry<VnfPackage>[]> {
  const unique = [...new Set(vnfdIds)];
  const found = await Promise.all(unique.map((vnfdId) => findVnfPackage(store, projectId, vnfdId)));
  const missing = unique.filter((_, index) => found[index] === undefined);
  if (missing.length > 0) {
    const names = missing.join(', ');
    throw new SkerryError('Conflict', `The NSD needs VNF packages that are not onboarded: ${names}`, {
      remedy: 'onboard these VNF packages first, then the NSD again',
      details: { missingVnfdIds: missing },
    });
  }
  return found.filter((entry) => entry !== undefined);
}

/** The onboarded package of a project that holds a vnfd-id. */
export async function findVnfPackage(
  store: Store,
  projectId: ProjectId,
  vnfdId: string,
): Promise<Entry<VnfPackage> | undefined> {
  const owner = await store.get<VnfdOwner>(keys.vnfdOwner(projectId, vnfdId));
  return owner && store.get<VnfPackage>(keys.vnfPackage(owner.value.packageId));
}

async function readVnfModels(store: Store, vnfs: Entry<VnfPackage>[]): Promise<Map<string, VnfModel>> {
  const models = await Promise.all(
    vnfs.map(({ value }) => store.get<StoredVnfModel>(keys.vnfModel(value.id, value.revision))),
  );
  return new Map(models.filter((entry) => entry !== undefined).map(({ value }) => [value.model.vnfdId, value.model]));
}

function keepFormer<T extends VnfPackage | NsdInfo>(after: T, before: T, isInUse: boolean): T {
  const former = isInUse ? digestsOf(before).filter((digest) => digest !== after.contentDigest) : [];
  return { ...after, formerDigests: former.length === 0 ? undefined : former };
}

function requireSameId(name: string, before: string | undefined, after: string): void {
  if (before === undefined || before === after) return;
  throw new SkerryError('Conflict', `A new revision must keep the ${name} ${before}; the content says ${after}`, {
    remedy: 'create another resource for a descriptor with another id',
  });
}

function requireAllowedChanges(
  kind: 'vnfd' | 'nsd',
  present: { document: StoredVnfModel['document'] } | undefined,
  content: SoundContent,
): void {
  const paths = forbiddenChanges(kind, present?.document ?? {}, content.read.descriptor.document ?? {});
  if (paths.length === 0) return;
  const version = kind === 'vnfd' ? 'software-version' : 'version';
  throw new SkerryError('Conflict', `The descriptor is in use and the new revision changes ${paths.join(', ')}`, {
    remedy: `change only operation parts (primitives, scaling, healing, alarms, monitoring), or give it a new ${version}`,
    details: { paths },
  });
}

async function takenError(store: Store, owner: VnfdOwner, content: SoundContent): Promise<SkerryError> {
  const other = await store.get<VnfPackage>(keys.vnfPackage(owner.packageId));
  const isIdentical = other?.value.contentDigest === content.digest;
  const vnfdId = other?.value.vnfdId ?? 'of the descriptor';
  const what = isIdentical ? 'with identical content' : 'with other content';
  const message = `The vnfd-id ${vnfdId} is onboarded already ${what}, as VNF package ${owner.packageId}`;
  return new SkerryError('Conflict', message, {
    remedy: isIdentical
      ? `use VNF package ${owner.packageId}; this resource can be deleted`
      : `upload a new revision to VNF package ${owner.packageId} (If-Match with its ETag), or change the vnfd-id`,
    details: { vnfPkgId: owner.packageId, isIdentical },
  });
}

function misfitError(complaints: Complaint[], content: SoundContent): SkerryError {
  const count = complaints.filter((complaint) => complaint.severity === 'error').length;
  const errors = count === 1 ? 'one error' : `${count} errors`;
  return new SkerryError('InvalidDescriptor', `The NSD does not fit its VNFDs: ${errors}`, {
    remedy: 'mend what the complaints name, in the NSD or in the VNFDs, and upload it again',
    details: { complaints: [...content.read.complaints, ...complaints] },
  });
}
