import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { SkerryError } from '../errors/index.ts';
import type { AgentId, InfraId } from '../model/ids.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import { sealLimits, sealMethod } from './seal-format.ts';
import { hiddenText, isSealed, isSecretMember, type SealedValue } from './secret-members.ts';

export interface SealRecipient {
  agentId: AgentId;
  infraId: InfraId;
  /** The agent's public key: SPKI DER, base64. */
  publicKey: string;
}

/**
 * Seals every secret of an infra's settings to the agent that will use them (RFC 7516: ECDH-ES+A256KW, A256GCM). Agent, infra
 * and member stand in the protected header, so that a sealed value is of no use anywhere else. What is sealed already stays.
 *
 * @throws SkerryError BadRequest (no sealed value, a placeholder, nested too deep), TooLarge, Conflict (a key that cannot be
 * sealed to)
 */
export async function sealSettings(settings: JsonObject, recipient: SealRecipient): Promise<JsonObject> {
  const secrets = new Map<string, JsonValue>();
  collectSecrets(settings, [], secrets);
  if (secrets.size === 0) return settings;
  const key = recipientKey(recipient);
  const kid = createHash('sha256').update(Buffer.from(recipient.publicKey, 'base64')).digest('hex');
  const { CompactEncrypt } = await import('jose/jwe/compact/encrypt');
  const sealed = new Map<string, SealedValue>();
  for (const [member, value] of secrets) {
    const plain = Buffer.from(JSON.stringify(value));
    if (plain.length > sealLimits.valueBytes)
      throw new SkerryError('TooLarge', `The secret ${member} is larger than ${sealLimits.valueBytes} bytes.`, {
        remedy: 'Keep it in a file on the node of the agent and name that file in the settings.',
      });
    const { agentId: agent, infraId: infra } = recipient;
    const header = { ...sealMethod, cty: 'json', kid, agent, infra, member };
    sealed.set(member, { sealed: await new CompactEncrypt(plain).setProtectedHeader(header).encrypt(key) });
  }
  return replaceSecrets(settings, [], sealed) as JsonObject;
}

/** Is there anything in these settings that has to be sealed? */
export function hasSecrets(settings: JsonObject): boolean {
  const secrets = new Map<string, JsonValue>();
  collectSecrets(settings, [], secrets);
  return secrets.size > 0;
}

function recipientKey({ publicKey }: SealRecipient): KeyObject {
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  throw new SkerryError(
    'Conflict',
    'Nothing can be sealed to the key of this agent, which is not of the curve P-256.',
    {
      remedy: 'Enrol the agent again with a P-256 key, or keep the credentials in a file on its node.',
    },
  );
}

function collectSecrets(value: JsonValue, path: string[], found: Map<string, JsonValue>): void {
  if (typeof value !== 'object' || value === null) return;
  if (path.length > sealLimits.depth) throw new SkerryError('BadRequest', 'The settings are nested too deep.');
  if (isSealed(value)) {
    requireSealedForm(value, path);
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    const memberPath = [...path, name];
    const isSecret = !Array.isArray(value) && isSecretMember(name, member) && !isSealed(member);
    if (!isSecret) {
      collectSecrets(member as JsonValue, memberPath, found);
      continue;
    }
    if (member === hiddenText)
      throw new SkerryError('BadRequest', `${memberPath.join('.')} is a placeholder and no secret.`, {
        remedy: 'Give the secret itself, or leave the member out: what is there stays.',
      });
    found.set(memberName(memberPath), member as JsonValue);
    if (found.size > sealLimits.values)
      throw new SkerryError('TooLarge', `The settings hold more than ${sealLimits.values} secrets.`);
  }
}

function requireSealedForm({ sealed }: SealedValue, path: string[]): void {
  const isForm = sealed.length <= sealLimits.sealedLength && /^[\w-]+\.[\w-]+\.[\w-]+\.[\w-]*\.[\w-]+$/.test(sealed);
  if (!isForm)
    throw new SkerryError('BadRequest', `${path.join('.')} is no sealed value.`, {
      remedy: 'Give the secret itself: it is sealed when it is entered.',
    });
}

function replaceSecrets(
  value: JsonValue | undefined,
  path: string[],
  sealed: ReadonlyMap<string, SealedValue>,
): JsonValue | undefined {
  if (Array.isArray(value))
    return value.map((item, index) => replaceSecrets(item, [...path, String(index)], sealed) ?? null);
  if (typeof value !== 'object' || value === null || isSealed(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const memberPath = [...path, name];
      return [name, sealed.get(memberName(memberPath)) ?? replaceSecrets(member, memberPath, sealed)];
    }),
  );
}

/** JSON pointer (RFC 6901). */
export function memberName(path: readonly string[]): string {
  return path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
