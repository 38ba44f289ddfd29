import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '#shared/model/json.ts';
import type { NotificationEvent } from './notifier.ts';
import { passesFilter } from './subscription-filter.ts';

const operation: NotificationEvent = {
  api: 'nslcm',
  type: 'NsLcmOperationOccurrenceNotification',
  at: 0,
  facts: {
    nsInstanceId: 'n1',
    nsInstanceName: 'edge',
    nsdId: 'd1',
    vnfdIds: ['v1', 'v2'],
    operation: 'SCALE',
    operationState: 'COMPLETED',
  },
};
const creation: NotificationEvent = { ...operation, type: 'NsIdentifierCreationNotification' };
const change: NotificationEvent = {
  ...operation,
  type: 'NsChangeNotification',
  facts: { ...operation.facts, nsComponentType: 'VNF', lcmOpNameImpactingNsComponent: 'VNF_SCALE' },
};
const onboarded: NotificationEvent = {
  api: 'vnfpkgm',
  type: 'VnfPackageOnboardingNotification',
  at: 0,
  facts: {
    vnfPkgId: 'p',
    vnfdId: 'v',
    vnfProvider: 'A',
    vnfProductName: 'B',
    vnfSoftwareVersion: '1',
    vnfdVersion: '2',
  },
};

const products = (versions?: JsonObject[]): JsonObject => ({
  vnfProductsFromProviders: [
    { vnfProvider: 'A', vnfProducts: [{ vnfProductName: 'B', ...(versions && { versions }) }] },
  ],
});
const cases: [string, NotificationEvent, JsonObject | undefined, boolean][] = [
  ['no filter', operation, undefined, true],
  ['empty filter', operation, {}, true],
  ['type', operation, { notificationTypes: ['NsLcmOperationOccurrenceNotification'] }, true],
  ["type in the file's spelling", operation, { notificationTypes: ['NsLcmOperationOccurenceNotification'] }, true],
  ['another type', creation, { notificationTypes: ['NsIdentifierDeletionNotification'] }, false],
  ['operation type', operation, { operationTypes: ['HEAL', 'SCALE'] }, true],
  ['another operation type', operation, { operationTypes: ['HEAL'] }, false],
  ['operation type does not speak of creations', creation, { operationTypes: ['HEAL'] }, true],
  ['state', operation, { operationStates: ['FAILED'] }, false],
  ['instance', operation, { nsInstanceSubscriptionFilter: { nsInstanceIds: ['n1'] } }, true],
  ['other name', operation, { nsInstanceSubscriptionFilter: { nsInstanceNames: ['core'] } }, false],
  ['nsd and one of its vnfds', operation, { nsInstanceSubscriptionFilter: { nsdIds: ['d1'], vnfdIds: ['v2'] } }, true],
  [
    'members are joined by AND',
    operation,
    { nsInstanceSubscriptionFilter: { nsdIds: ['d1'], vnfdIds: ['v9'] } },
    false,
  ],
  ['no PNF here', operation, { nsInstanceSubscriptionFilter: { pnfdIds: ['x'] } }, false],
  ['component type', change, { nsComponentTypes: ['NS'] }, false],
  ['name of the impacting operation', change, { lcmOpNameImpactingNsComponent: ['VNF_SCALE'] }, true],
  ['vnfd', onboarded, { vnfdId: ['v'] }, true],
  ['package', onboarded, { vnfPkgId: ['q'] }, false],
  ['product', onboarded, products(), true],
  ['product version', onboarded, products([{ vnfSoftwareVersion: '1' }]), true],
  ['other descriptor version', onboarded, products([{ vnfSoftwareVersion: '1', vnfdVersions: ['3'] }]), false],
  ['provider alone', onboarded, { vnfProductsFromProviders: [{ vnfProvider: 'Z' }] }, false],
];

for (const [name, event, filter, expected] of cases) {
  test(`filter: ${name}`, () => assert.equal(passesFilter(event, filter), expected));
}
