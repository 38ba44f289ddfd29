import type { JsonObject, JsonValue } from '#shared/model/json.ts';
import type { NotificationEvent } from './notifier.ts';

/**
 * Whether an event passes a subscription's filter: members are joined by AND, the values of a member by OR
 * (ETSI GS NFV-SOL 005 clauses 5.5.3.2, 6.5.3.2, 9.5.3.2).
 */
export function passesFilter(event: NotificationEvent, filter: JsonObject | undefined): boolean {
  if (filter === undefined) return true;
  return Object.entries(filter).every(([member, wanted]) => passesMember(event, member, wanted));
}

const operation = 'NsLcmOperationOccurrenceNotification';
/** Members that speak of one type of notification only; others pass them. */
const restricted: Record<string, { type: string; fact: string }> = {
  operationTypes: { type: operation, fact: 'operation' },
  operationStates: { type: operation, fact: 'operationState' },
  nsComponentTypes: { type: 'NsChangeNotification', fact: 'nsComponentType' },
  lcmOpNameImpactingNsComponent: { type: 'NsChangeNotification', fact: 'lcmOpNameImpactingNsComponent' },
  lcmOpOccStatusImpactingNsComponent: { type: 'NsChangeNotification', fact: 'lcmOpOccStatusImpactingNsComponent' },
  operationalState: { type: 'VnfPackageChangeNotification', fact: 'operationalState' },
  nsdOperationalState: { type: 'NsdChangeNotification', fact: 'nsdOperationalState' },
};
/** Members whose name is not the fact's. */
const renamed: Record<string, string> = {
  affectedNsInstanceIds: 'nsInstanceId',
  nsdIds: 'nsdId',
  vnfdIds: 'vnfdIds',
  pnfdIds: 'pnfdIds',
  nsInstanceIds: 'nsInstanceId',
  nsInstanceNames: 'nsInstanceName',
};

function passesMember(event: NotificationEvent, member: string, wanted: JsonValue | undefined): boolean {
  if (wanted === undefined || wanted === null) return true;
  if (member === 'notificationTypes') return overlaps(spellings(event.type), wanted);
  if (member === 'nsInstanceSubscriptionFilter') {
    return Object.entries(wanted as JsonObject).every(([name, values]) => passesMember(event, name, values));
  }
  if (member === 'vnfProductsFromProviders') return passesProducts(event, wanted as JsonObject[]);
  const only = restricted[member];
  if (only) return event.type !== only.type || overlaps(event.facts[only.fact], wanted);
  return overlaps(event.facts[renamed[member] ?? member], wanted);
}

/** ETSI's own file writes two types in another way than the clause that defines them. */
function spellings(type: string): string[] {
  if (type === operation) return [type, 'NsLcmOperationOccurenceNotification'];
  if (type === 'NsdOnBoardingFailureNotification') return [type, 'NsdOnboardingFailureNotification'];
  return [type];
}

function overlaps(actual: unknown, wanted: JsonValue): boolean {
  const values = [wanted].flat();
  return [actual].flat().some((value) => value !== undefined && values.includes(value as JsonValue));
}

/** `vnfProductsFromProviders`: provider → products → software versions → descriptor versions; each level may be left out. */
function passesProducts({ facts }: NotificationEvent, providers: JsonObject[]): boolean {
  return [providers].flat().some((provider) => {
    if (provider['vnfProvider'] !== facts['vnfProvider']) return false;
    const products = (provider['vnfProducts'] ?? provider['vnfProductsFromProviders']) as JsonObject[] | undefined;
    return orAny(products, (product) => {
      if (product['vnfProductName'] !== facts['vnfProductName']) return false;
      return orAny(product['versions'] as JsonObject[] | undefined, (version) => {
        if (version['vnfSoftwareVersion'] !== facts['vnfSoftwareVersion']) return false;
        const descriptors = version['vnfdVersions'] as JsonValue | undefined;
        return descriptors === undefined || overlaps(facts['vnfdVersion'], descriptors);
      });
    });
  });
}

function orAny(items: JsonObject[] | undefined, test: (item: JsonObject) => boolean): boolean {
  return items === undefined || items.some(test);
}
