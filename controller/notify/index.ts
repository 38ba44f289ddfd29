export { createNotifier, type NotifierComponent, type NotifierOptions } from './create-notifier.ts';
export type * from './notification-bodies.ts';
export type { NotificationApi, NotificationEvent, Notifier } from './notifier.ts';
export { createSecretBox, type SecretBox } from './secret-box.ts';
export { passesFilter } from './subscription-filter.ts';
export type * from './subscription-registry.ts';
