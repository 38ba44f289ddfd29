import type { Change } from '#shared/store/store.ts';

export type NotificationApi = 'nslcm' | 'nsd' | 'vnfpkgm' | 'nfvici';

/** Something that a subscriber may want to know, before it is rendered for one subscription. */
export interface NotificationEvent {
  api: NotificationApi;
  /** NsLcmOperationOccurrenceNotification, NsIdentifierCreationNotification, VnfPackageOnboardingNotification, … */
  type: string;
  at: number;
  /** What filters look at and bodies are made of; shape per type in `notification-bodies.ts`. */
  facts: Record<string, unknown>;
}

/** Durable outbox of callbacks: staged in the commit of what they tell of, delivered at least once, in order per subscription. */
export interface Notifier {
  /** Changes to add to the commit that the event tells of; none when nobody has subscribed. */
  stage(events: NotificationEvent[]): Promise<Change[]>;
}
