import { Type } from 'typebox';
import { OnboardingReportSchema } from '#shared/api/catalog-onboarding.ts';
import type { VnfPackage } from '#shared/model/catalog.ts';
import type { JsonObject } from '#shared/model/json.ts';
import {
  Checksum,
  FailureDetails,
  KeyValuePairs,
  Link,
  OnboardingState,
  OperationalState,
  SkerryAttributes,
  UsageState,
} from '../catalog/catalog-schemas.ts';
import {
  additionalArtifacts,
  onboardingFailureDetails,
  onboardingReport,
  onboardingState,
  skerryPart,
} from '../catalog/record-attributes.ts';
import { type ApiVersion, byCreation, defineResource, type Resource } from '../sol013/index.ts';

const SoftwareImage = Type.Object({
  id: Type.String(),
  name: Type.String(),
  provider: Type.String(),
  version: Type.String(),
  checksum: Checksum,
  isEncrypted: Type.Boolean(),
  containerFormat: Type.String(),
  diskFormat: Type.String(),
  createdAt: Type.String(),
  minDisk: Type.Integer(),
  minRam: Type.Integer(),
  size: Type.Integer(),
  imagePath: Type.String(),
});
const Artifact = Type.Object({ artifactPath: Type.String(), checksum: Checksum, isEncrypted: Type.Boolean() });

/** ETSI GS NFV-SOL 005 clause 9.5.2.5, and `_skerry`. */
export const VnfPkgInfo = Type.Object({
  id: Type.String(),
  vnfdId: Type.Optional(Type.String()),
  vnfProvider: Type.Optional(Type.String()),
  vnfProductName: Type.Optional(Type.String()),
  vnfSoftwareVersion: Type.Optional(Type.String()),
  vnfdVersion: Type.Optional(Type.String()),
  checksum: Type.Optional(Checksum),
  packageSecurityOption: Type.Optional(Type.String()),
  softwareImages: Type.Optional(Type.Array(SoftwareImage)),
  additionalArtifacts: Type.Optional(Type.Array(Artifact)),
  onboardingState: OnboardingState,
  operationalState: OperationalState,
  usageState: UsageState,
  userDefinedData: Type.Optional(KeyValuePairs),
  onboardingFailureDetails: Type.Optional(FailureDetails),
  onboardingReport: Type.Optional(OnboardingReportSchema),
  _skerry: Type.Optional(SkerryAttributes),
  _links: Type.Object({ self: Link, vnfd: Link, packageContent: Link }),
});

export type VnfPackageView = VnfPackage & { etag: string };

export function vnfPackageResource(api: ApiVersion): Resource<VnfPackageView> {
  return defineResource<VnfPackageView>({
    name: `VnfPkgInfo ${api.major}`,
    schema: VnfPkgInfo,
    excludedByDefault: [
      'softwareImages',
      'additionalArtifacts',
      'userDefinedData',
      'checksum',
      'onboardingFailureDetails',
      'onboardingReport',
      '_skerry',
    ],
    id: (view) => view.id,
    sortKey: (view) => byCreation(view.createdAt, view.id),
    revision: (view) => view.etag,
    render: (view, baseUrl) => render(view, api, `${baseUrl}${api.prefix}/vnf_packages/${view.id}`),
  });
}

function render(view: VnfPackageView, api: ApiVersion, self: string): JsonObject {
  return {
    id: view.id,
    ...(view.onboardingState === 'ONBOARDED' ? onboardedPart(view) : {}),
    onboardingState: onboardingState(view, api.major),
    operationalState: view.operationalState,
    usageState: view.usageState,
    ...(Object.keys(view.userDefinedData).length === 0 ? {} : { userDefinedData: view.userDefinedData }),
    ...onboardingFailureDetails(view),
    ...onboardingReport(view),
    _skerry: skerryPart(view),
    _links: {
      self: { href: self },
      vnfd: { href: `${self}/vnfd` },
      packageContent: { href: `${self}/package_content` },
    },
  };
}

function onboardedPart(view: VnfPackageView): JsonObject {
  const images = view.softwareImages ?? [];
  const createdAt = new Date(view.createdAt).toISOString();
  return {
    vnfdId: view.vnfdId,
    vnfProvider: view.provider,
    vnfProductName: view.productName,
    vnfSoftwareVersion: view.softwareVersion,
    vnfdVersion: view.descriptorVersion,
    checksum: { algorithm: 'SHA-256', hash: (view.contentDigest ?? '').replace('sha256:', '') },
    // A manifest with the digest of every file is option 1 of ETSI GS NFV-SOL 004 clause 5.1; OSM's packages have neither.
    ...(view.manifestPath === undefined ? {} : { packageSecurityOption: 'OPTION_1' }),
    softwareImages: images.map((image) => ({ ...image, createdAt })),
    additionalArtifacts: additionalArtifacts(view).map(({ path, sha256 }) => ({
      artifactPath: path,
      checksum: { algorithm: 'SHA-256', hash: sha256 },
      isEncrypted: false,
    })),
  };
}
