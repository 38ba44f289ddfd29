import type { Complaint } from '#shared/descriptor/complaint.ts';
import { errorCatalogue } from '#shared/errors/catalogue.ts';
import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { NsdInfo, VnfPackage } from '#shared/model/catalog.ts';
import type { Digest } from '#shared/model/ids.ts';
import type { Entry } from '#shared/store/store.ts';
import type { CatalogKind, CatalogPatch } from './catalog.ts';
import type { CatalogRecord } from './catalog-records.ts';

const maxUserDefinedDataBytes = 16 * 2 ** 10;

export function failureOf(error: unknown): NonNullable<VnfPackage['onboardingFailure']> {
  if (!isSkerryError(error))
    return { status: 500, title: 'Internal error', detail: 'Onboarding failed', complaints: [] };
  const { status, title } = errorCatalogue[error.code];
  const complaints = (error.details['complaints'] as Complaint[] | undefined) ?? [];
  return { status, title, detail: error.message, complaints };
}

export function patched(before: CatalogRecord, patch: CatalogPatch): Partial<CatalogRecord> {
  const changes: Partial<CatalogRecord> = {};
  if (patch.operationalState !== undefined) {
    requireTransition(before, patch.operationalState);
    changes.operationalState = patch.operationalState;
  }
  if (patch.userDefinedData !== undefined) {
    const merged = Object.entries({ ...before.userDefinedData, ...patch.userDefinedData });
    const kept = merged.filter((pair): pair is [string, string] => pair[1] !== null);
    changes.userDefinedData = Object.fromEntries(kept);
    requireSmall(changes.userDefinedData);
  }
  return changes;
}

/** ETSI GS NFV-SOL 005 clauses 5.5.4.4 and 9.5.4.4: only onboarded content is switched, and only to the other state. */
function requireTransition(before: CatalogRecord, wanted: 'ENABLED' | 'DISABLED'): void {
  if (before.onboardingState !== 'ONBOARDED') {
    throw new SkerryError('Conflict', `${before.id} is ${before.onboardingState}: only onboarded content is enabled`, {
      remedy: 'upload content first',
    });
  }
  if (before.operationalState === wanted) {
    throw new SkerryError('Conflict', `${before.id} is ${wanted} already`, { remedy: 'nothing needs to be done' });
  }
}

export function requireDeletable(record: CatalogRecord, isInUse: boolean): void {
  if (record.operationalState === 'ENABLED') {
    throw new SkerryError('Conflict', `${record.id} is ENABLED: only DISABLED resources are deleted`, {
      remedy: 'disable it first (PATCH with operational state DISABLED)',
    });
  }
  if (isInUse) {
    throw new SkerryError('Conflict', `${record.id} is in use`, {
      remedy: 'wait until its upload has ended, or delete the NS instances that use it first',
    });
  }
}

export function requireEnabled(noun: string, record: CatalogRecord, name: string): void {
  if (record.onboardingState === 'ONBOARDED' && record.operationalState === 'ENABLED') return;
  const state = record.onboardingState === 'ONBOARDED' ? 'DISABLED' : 'not onboarded';
  throw new SkerryError('Conflict', `The ${noun} ${name} is ${state}`, {
    remedy: state === 'DISABLED' ? 'enable it first' : 'upload its content first',
  });
}

export function requireEtag(view: { id: string; etag: string }, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch === view.etag) return;
  throw new SkerryError('PreconditionFailed', `${view.id} has changed since it was read`, {
    remedy: 'read it again and repeat the request with its new ETag',
  });
}

export function requireSmall(userDefinedData: Record<string, string>): void {
  if (JSON.stringify(userDefinedData).length <= maxUserDefinedDataBytes) return;
  throw new SkerryError('TooLarge', `userDefinedData has more than ${maxUserDefinedDataBytes} bytes`);
}

export function onboardedDigest(record: CatalogRecord): Digest {
  if (record.contentDigest !== undefined) return record.contentDigest;
  throw new SkerryError('Conflict', `${record.id} is ${record.onboardingState}: it has no content yet`, {
    remedy: 'upload content, and wait until the onboarding state is ONBOARDED',
  });
}

export function takenByOther(kind: CatalogKind, taken: Entry<CatalogRecord>): SkerryError {
  const noun = kind === 'nsd' ? 'NSD' : 'VNF package';
  return new SkerryError(
    'Conflict',
    `The descriptor's id is onboarded with other content, as ${noun} ${taken.value.id}`,
    {
      remedy: 'ask for a new revision, or give the descriptor another id',
      details: { id: taken.value.id },
    },
  );
}

export function referencedError(id: string, users: Entry<NsdInfo>[]): SkerryError {
  const names = users.map(({ value }) => value.id);
  return new SkerryError('Conflict', `The VNF package ${id} is named by NSDs: ${names.join(', ')}`, {
    remedy: 'delete these NSDs first',
    details: { nsdInfoIds: names },
  });
}

export function tooLarge(maxBytes: number): SkerryError {
  return new SkerryError('TooLarge', `A package may have at most ${maxBytes} bytes`, {
    remedy: 'leave images out of the package and name them by their place at the VIM',
  });
}
