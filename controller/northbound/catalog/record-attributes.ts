import type { NsdInfo, VnfPackage } from '#shared/model/catalog.ts';
import type { JsonObject } from '#shared/model/json.ts';

/** `onboardingFailureDetails`: ProblemDetails with every complaint. */
export function onboardingFailureDetails(view: VnfPackage | NsdInfo): JsonObject {
  if (view.onboardingFailure === undefined) return {};
  const { complaints, ...problem } = view.onboardingFailure;
  return { onboardingFailureDetails: { ...problem, complaints: complaints as unknown as JsonObject[] } };
}

/** Since V2.7 a failed onboarding is a state of its own; clients of v1 see what the resource is for them: CREATED. */
export function onboardingState(view: VnfPackage | NsdInfo, major: string): string {
  const isFailed = view.onboardingState === 'CREATED' && view.onboardingFailure !== undefined;
  return isFailed && major !== 'v1' ? 'ERROR' : view.onboardingState;
}

/** What reading did to the descriptor: translated, dropped, tolerated. An attribute beyond ETSI's, beside them. */
export function onboardingReport(view: VnfPackage | NsdInfo): JsonObject {
  if (view.onboardingReport === undefined) return {};
  return { onboardingReport: view.onboardingReport as unknown as JsonObject };
}

/** Files beside descriptor, manifest, metadata and images (ETSI GS NFV-SOL 005 clause 9.5.2.5, `additionalArtifacts`). */
export function additionalArtifacts(view: VnfPackage): VnfPackage['files'] {
  const images = (view.softwareImages ?? []).map((image) => image.imagePath);
  const others = new Set([view.descriptorPath, view.manifestPath, ...images]);
  return view.files.filter(({ path }) => !others.has(path) && !path.startsWith('TOSCA-Metadata/'));
}

/** What Skerry tells beyond ETSI's attributes. */
export function skerryPart(view: VnfPackage | NsdInfo): JsonObject {
  return {
    revision: view.revision,
    ...(view.fileName === undefined ? {} : { fileName: view.fileName, contentBytes: view.contentBytes }),
    warnings: view.warnings as unknown as JsonObject[],
    createdAt: new Date(view.createdAt).toISOString(),
    modifiedAt: new Date(view.modifiedAt).toISOString(),
  };
}
