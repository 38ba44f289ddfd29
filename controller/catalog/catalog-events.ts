import type { NsdInfo, VnfPackage } from '#shared/model/catalog.ts';
import type { NotificationEvent } from '../notify/notifier.ts';

type VnfPackageEventType = 'VnfPackageOnboardingNotification' | 'VnfPackageChangeNotification';
type NsdEventType =
  | 'NsdOnBoardingNotification'
  | 'NsdOnBoardingFailureNotification'
  | 'NsdChangeNotification'
  | 'NsdDeletionNotification';

/** Facts that filters of VNF package subscriptions look at (ETSI GS NFV-SOL 005 clause 9.5.3.4), and the change itself. */
export function vnfPackageEvent(
  type: VnfPackageEventType,
  record: VnfPackage,
  at: number,
  change: { changeType?: 'OP_STATE_CHANGE' | 'PKG_DELETE' } = {},
): NotificationEvent {
  return {
    api: 'vnfpkgm',
    type,
    at,
    facts: {
      projectId: record.projectId,
      vnfPkgId: record.id,
      vnfdId: record.vnfdId,
      vnfProvider: record.provider,
      vnfProductName: record.productName,
      vnfSoftwareVersion: record.softwareVersion,
      vnfdVersion: record.descriptorVersion,
      operationalState: record.operationalState,
      usageState: record.usageState,
      ...change,
    },
  };
}

/** Facts that filters of NSD subscriptions look at (ETSI GS NFV-SOL 005 clause 5.5.3.2). */
export function nsdEvent(
  type: NsdEventType,
  record: NsdInfo,
  at: number,
  change: { onboardingFailureDetails?: { status: number; title: string; detail: string } } = {},
): NotificationEvent {
  return {
    api: 'nsd',
    type,
    at,
    facts: {
      projectId: record.projectId,
      nsdInfoId: record.id,
      nsdId: record.nsdId,
      nsdName: record.name,
      nsdVersion: record.version,
      nsdDesigner: record.designer,
      nsdInvariantId: record.invariantId,
      vnfPkgIds: record.vnfPackageIds,
      nsdOnboardingState: record.onboardingState,
      nsdOperationalState: record.operationalState,
      nsdUsageState: record.usageState,
      ...change,
    },
  };
}
