import { Type } from 'typebox';
import { OnboardingReportSchema } from '#shared/api/catalog-onboarding.ts';
import type { NsdInfo } from '#shared/model/catalog.ts';
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
  onboardingFailureDetails,
  onboardingReport,
  onboardingState,
  skerryPart,
} from '../catalog/record-attributes.ts';
import { type ApiVersion, byCreation, defineResource, type Resource } from '../sol013/index.ts';

/** ETSI GS NFV-SOL 005 clause 5.5.2.2, and `_skerry`. */
export const NsdInfoSchema = Type.Object({
  id: Type.String(),
  nsdId: Type.Optional(Type.String()),
  nsdName: Type.Optional(Type.String()),
  nsdVersion: Type.Optional(Type.String()),
  nsdDesigner: Type.Optional(Type.String()),
  nsdInvariantId: Type.Optional(Type.String()),
  vnfPkgIds: Type.Array(Type.String()),
  archiveSecurityOption: Type.Optional(Type.String()),
  artifacts: Type.Optional(Type.Array(Type.Object({ artifactPath: Type.String(), checksum: Checksum }))),
  nsdOnboardingState: OnboardingState,
  onboardingFailureDetails: Type.Optional(FailureDetails),
  nsdOperationalState: OperationalState,
  nsdUsageState: UsageState,
  userDefinedData: Type.Optional(KeyValuePairs),
  onboardingReport: Type.Optional(OnboardingReportSchema),
  _skerry: Type.Optional(SkerryAttributes),
  _links: Type.Object({ self: Link, nsd_content: Link }),
});

export type NsdView = NsdInfo & { etag: string };

export function nsdResource(api: ApiVersion): Resource<NsdView> {
  return defineResource<NsdView>({
    name: `NsdInfo ${api.major}`,
    schema: NsdInfoSchema,
    excludedByDefault: ['userDefinedData', 'onboardingFailureDetails', 'onboardingReport', '_skerry'],
    id: (view) => view.id,
    sortKey: (view) => byCreation(view.createdAt, view.id),
    revision: (view) => view.etag,
    render: (view, baseUrl) => render(view, api, `${baseUrl}${api.prefix}/ns_descriptors/${view.id}`),
  });
}

function render(view: NsdView, api: ApiVersion, self: string): JsonObject {
  return {
    id: view.id,
    ...(view.onboardingState === 'ONBOARDED' ? onboardedPart(view) : {}),
    vnfPkgIds: view.vnfPackageIds,
    nsdOnboardingState: onboardingState(view, api.major),
    ...onboardingFailureDetails(view),
    ...onboardingReport(view),
    nsdOperationalState: view.operationalState,
    nsdUsageState: view.usageState,
    ...(Object.keys(view.userDefinedData).length === 0 ? {} : { userDefinedData: view.userDefinedData }),
    _skerry: skerryPart(view),
    _links: { self: { href: self }, nsd_content: { href: `${self}/nsd_content` } },
  };
}

function onboardedPart(view: NsdView): JsonObject {
  const notArtifacts = new Set([view.descriptorPath, view.manifestPath]);
  const artifacts = view.files.filter(({ path }) => !notArtifacts.has(path) && !path.startsWith('TOSCA-Metadata/'));
  return {
    nsdId: view.nsdId,
    nsdName: view.name,
    nsdVersion: view.version,
    nsdDesigner: view.designer,
    ...(view.invariantId === undefined ? {} : { nsdInvariantId: view.invariantId }),
    ...(view.manifestPath === undefined ? {} : { archiveSecurityOption: 'OPTION_1' }),
    artifacts: artifacts.map(({ path, sha256 }) => ({
      artifactPath: path,
      checksum: { algorithm: 'SHA-256', hash: sha256 },
    })),
  };
}
