import type { NsModel } from '#shared/descriptor/ns-model.ts';
import type { VnfModel } from '#shared/descriptor/vnf-model.ts';
import type { NsdInfo, VnfPackage } from '#shared/model/catalog.ts';
import type { NsdInfoId, ProjectId, VnfPackageId } from '#shared/model/ids.ts';
import type { SoundContent } from './content-reader.ts';
import { softwareImages } from './software-images.ts';

/** What every record has before it has content. */
function emptyRecord(projectId: ProjectId, userDefinedData: Record<string, string>, now: number) {
  return {
    projectId,
    onboardingState: 'CREATED' as const,
    operationalState: 'DISABLED' as const,
    usageState: 'NOT_IN_USE' as const,
    userDefinedData,
    revision: 0,
    files: [],
    warnings: [],
    createdAt: now,
    modifiedAt: now,
  };
}

interface NewRecord {
  id: string;
  projectId: ProjectId;
  userDefinedData: Record<string, string>;
  now: number;
}

export function createdVnfPackage({ id, projectId, userDefinedData, now }: NewRecord): VnfPackage {
  return { id: id as VnfPackageId, ...emptyRecord(projectId, userDefinedData, now) };
}

export function createdNsd({ id, projectId, userDefinedData, now }: NewRecord): NsdInfo {
  return { id: id as NsdInfoId, ...emptyRecord(projectId, userDefinedData, now), vnfPackageIds: [] };
}

/** The record with new content; an ENABLED or DISABLED that a person has chosen outlives a revision. */
function withContent<T extends VnfPackage | NsdInfo>(before: T, content: SoundContent, now: number): T {
  const { file, read, digest, warnings } = content;
  const after: T = {
    ...before,
    onboardingState: 'ONBOARDED',
    operationalState: before.onboardingState === 'ONBOARDED' ? before.operationalState : 'ENABLED',
    revision: before.revision + 1,
    contentDigest: digest,
    contentType: file.contentType,
    contentBytes: file.bytes,
    fileName: file.fileName,
    files: read.files,
    descriptorPath: read.descriptorPath,
    manifestPath: read.manifestPath,
    onboardingReport: read.descriptor.report,
    warnings,
    modifiedAt: now,
  };
  delete after.onboardingFailure;
  return after;
}

export function onboardedVnfPackage(before: VnfPackage, content: SoundContent, now: number): VnfPackage {
  const model = content.read.descriptor.model as VnfModel;
  return {
    ...withContent(before, content, now),
    vnfdId: model.vnfdId,
    provider: model.provider,
    productName: model.productName,
    softwareVersion: model.softwareVersion,
    descriptorVersion: model.descriptorVersion,
    softwareImages: softwareImages(content.read.descriptor.document ?? {}, content.read.files, model.provider),
  };
}

export function onboardedNsd(
  before: NsdInfo,
  content: SoundContent,
  vnfs: readonly VnfPackage[],
  now: number,
): NsdInfo {
  const model = content.read.descriptor.model as NsModel;
  return {
    ...withContent(before, content, now),
    nsdId: model.nsdId,
    name: model.name,
    version: model.version,
    designer: model.designer,
    invariantId: model.invariantId,
    vnfPackageIds: vnfs.map((vnf) => vnf.id),
  };
}
