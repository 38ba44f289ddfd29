import type { JsonObject, JsonValue } from '../model/json.ts';

/** A secret as it is stored and sent: only the agent that it is sealed to can open it. */
export interface SealedValue extends JsonObject {
  /** Compact JWE (RFC 7516). */
  sealed: string;
}

/** What is shown in place of a secret. */
export const hiddenText = '(hidden)';

const secretNames =
  /passw|passphrase|secret|token|credential|private|kubeconfig|(api|access|client)[_-]?key|(^|[_-])key([_-]?data)?$/i;
const placeNames = /(file|path)$/i;
const maxPlaceLength = 1024;

/** Is this member of an infra's settings a secret? `tokenFile: /run/token` says where one lies and is none itself. */
export function isSecretMember(name: string, value: unknown): boolean {
  if (value === undefined || value === null || value === '' || typeof value === 'boolean') return false;
  if (!secretNames.test(name)) return false;
  const isPlace =
    placeNames.test(name) && typeof value === 'string' && value.length <= maxPlaceLength && !value.includes('\n');
  return !isPlace;
}

/** Has it the shape of a sealed value? Whether it can be opened is the agent's to find out. */
export function isSealed(value: unknown): value is SealedValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { sealed, ...others } = value as Record<string, unknown>;
  return typeof sealed === 'string' && Object.keys(others).length === 0;
}

/** Settings as they may be shown: secrets go in and never come out, sealed ones neither. */
export function hideSecrets(settings: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, isSecretMember(name, value) ? hiddenText : hide(value)]),
  );
}

function hide(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) return value.map((item) => hide(item) ?? null);
  if (isSealed(value)) return hiddenText;
  return typeof value === 'object' && value !== null ? hideSecrets(value) : value;
}
