import type { JsonObject } from '#shared/model/json.ts';
import type { NotificationEvent } from './notifier.ts';
import type { Subscription } from './subscription-registry.ts';

/** In every event: who may see it. Absent: everybody. */
export interface CommonFacts {
  projectId?: string;
}

/** NsIdentifierCreationNotification, NsIdentifierDeletionNotification (ETSI GS NFV-SOL 005 clauses 6.5.2.6, 6.5.2.7). */
export interface NsFacts extends CommonFacts {
  nsInstanceId: string;
  nsInstanceName: string;
  nsdId: string;
  /** VNFDs of its VNF instances, for filters. */
  vnfdIds?: string[];
}

/** NsLcmOperationOccurrenceNotification (clause 6.5.2.5). `affected…` as in `NsLcmOpOcc.resourceChanges`, RESULT only. */
export interface NsOperationFacts extends NsFacts {
  nsLcmOpOccId: string;
  operation: string;
  operationState: string;
  notificationStatus: 'START' | 'RESULT';
  isAutomaticInvocation: boolean;
  affectedVnf?: JsonObject[];
  affectedVl?: JsonObject[];
  error?: { status: number; title: string; detail: string };
}

/** NsChangeNotification (clause 6.5.2.8): an operation elsewhere changed a component of the NS. */
export interface NsChangeFacts extends NsFacts {
  nsComponentType: 'VNF' | 'PNF' | 'NS';
  nsComponentId: string;
  lcmOpOccIdImpactingNsComponent: string;
  lcmOpNameImpactingNsComponent: string;
  lcmOpOccStatusImpactingNsComponent: string;
  error?: { status: number; title: string; detail: string };
}

/** Nsd…Notification (clauses 5.5.2.8 to 5.5.2.11). */
export interface NsdFacts extends CommonFacts {
  nsdInfoId: string;
  nsdId?: string;
  nsdName?: string;
  nsdVersion?: string;
  nsdDesigner?: string;
  nsdInvariantId?: string;
  vnfPkgIds?: string[];
  nsdOnboardingState?: string;
  nsdOperationalState?: string;
  nsdUsageState?: string;
  onboardingFailureDetails?: { status: number; title?: string; detail: string };
}

/** VnfPackageOnboardingNotification, VnfPackageChangeNotification (clauses 9.5.2.8, 9.5.2.9). */
export interface VnfPackageFacts extends CommonFacts {
  vnfPkgId: string;
  vnfdId?: string;
  vnfProvider?: string;
  vnfProductName?: string;
  vnfSoftwareVersion?: string;
  vnfdVersion?: string;
  vnfmInfo?: string[];
  usageState?: string;
  /** Change notification only. */
  changeType?: 'OP_STATE_CHANGE' | 'PKG_DELETE';
  operationalState?: string;
}

/** CapacityShortageNotification (clause 10.5.2.4). */
export interface CapacityFacts extends CommonFacts {
  thresholdId: string;
  objectInstanceId: string;
  direction: 'UP' | 'DOWN';
  capacityInformation: JsonObject;
}

/** Facts that only filters look at. */
const filterOnly: ReadonlySet<string> = new Set([
  'projectId',
  'nsInstanceName',
  'vnfdIds',
  'nsdName',
  'nsdVersion',
  'nsdDesigner',
  'nsdInvariantId',
  'vnfPkgIds',
  'nsdOnboardingState',
  'nsdUsageState',
  'vnfProvider',
  'vnfProductName',
  'vnfSoftwareVersion',
  'vnfdVersion',
  'usageState',
]);
const shortened: ReadonlySet<string> = new Set(['affectedVnf', 'affectedVl']);

/** Body of one notification for one subscription. `notificationId` is the same for all subscriptions of an event. */
export function renderNotification(
  event: NotificationEvent,
  subscription: Subscription,
  notificationId: string,
): JsonObject {
  const { facts, type } = event;
  const isShort = subscription.verbosity === 'SHORT';
  const shown = Object.entries(facts).filter(
    ([name, value]) => value !== undefined && !hidden(event, name) && !(isShort && shortened.has(name)),
  );
  const timeName = event.api === 'nslcm' ? 'timestamp' : 'timeStamp';
  const isOperation = type === 'NsLcmOperationOccurrenceNotification';
  return {
    id: notificationId,
    notificationType: type,
    ...(event.api === 'nfvici' ? {} : { subscriptionId: subscription.id }),
    [timeName]: new Date(event.at).toISOString(),
    ...(isOperation && subscription.verbosity ? { verbosity: subscription.verbosity } : {}),
    // Mandatory there; packages without the field are for any VNFM.
    ...(type === 'VnfPackageOnboardingNotification' ? { vnfmInfo: [] } : {}),
    ...(Object.fromEntries(shown) as JsonObject),
    _links: linksOf(event, subscription),
  };
}

function hidden({ api, type }: NotificationEvent, name: string): boolean {
  if (filterOnly.has(name)) return true;
  if (api === 'nslcm') return name === 'nsdId';
  if (name === 'nsdOperationalState') return type !== 'NsdChangeNotification';
  if (name === 'operationalState' || name === 'changeType') return type !== 'VnfPackageChangeNotification';
  if (name === 'vnfmInfo') return type !== 'VnfPackageOnboardingNotification';
  return false;
}

function linksOf({ api, facts }: NotificationEvent, { baseUrl, major, id }: Subscription): JsonObject {
  const root = `${baseUrl}/${api}/${major}`;
  const link = (path: string) => ({ href: `${root}/${path}` });
  const subscription = link(`subscriptions/${id}`);
  switch (api) {
    case 'nslcm': {
      const operation = facts['nsLcmOpOccId'] ?? facts['lcmOpOccIdImpactingNsComponent'];
      const nsInstance = link(`ns_instances/${facts['nsInstanceId']}`);
      if (operation === undefined) return { nsInstance, subscription };
      return { nsInstance, subscription, nslcmOpOcc: link(`ns_lcm_op_occs/${operation}`) };
    }
    case 'nsd':
      return { nsdInfo: link(`ns_descriptors/${facts['nsdInfoId']}`), subscription };
    case 'vnfpkgm':
      return { vnfPackage: link(`vnf_packages/${facts['vnfPkgId']}`), subscription };
    case 'nfvici':
      return {
        objectInstance: link(`nfvi_capacity_infos/${facts['objectInstanceId']}`),
        threshold: link(`capacity_thresholds/${facts['thresholdId']}`),
      };
  }
}
