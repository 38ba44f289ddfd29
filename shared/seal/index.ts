export { openSettings, type SealOwner } from './open-settings.ts';
export { hasSecrets, type SealRecipient, sealSettings } from './seal-settings.ts';
export { hiddenText, hideSecrets, isSealed, isSecretMember, type SealedValue } from './secret-members.ts';
