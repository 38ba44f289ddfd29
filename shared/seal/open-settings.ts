import { createPrivateKey, type KeyObject } from 'node:crypto';
import { SkerryError } from '../errors/index.ts';
import type { AgentId, InfraId } from '../model/ids.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import { sealLimits, sealMethod } from './seal-format.ts';
import { memberName } from './seal-settings.ts';
import { isSealed, type SealedValue } from './secret-members.ts';

export interface SealOwner {
  agentId: AgentId;
  infraId: InfraId;
  /** PKCS #8 PEM; read only when something is sealed. */
  privateKeyPem: () => string;
}

/**
 * Settings with every sealed value in clear, for the connector alone. Settings without any come back as they are.
 * @throws SkerryError PlatformAuth for what is sealed to another agent, infra, member or key, or was changed
 */
export async function openSettings(settings: JsonObject, owner: SealOwner): Promise<JsonObject> {
  let key: KeyObject | undefined;
  const openMember = async (value: SealedValue, path: readonly string[]) => {
    key ??= createPrivateKey(owner.privateKeyPem());
    return await openValue(value, memberName(path), key, owner);
  };
  return (await openWithin(settings, [], openMember)) as JsonObject;
}

type OpenMember = (value: SealedValue, path: readonly string[]) => Promise<JsonValue>;

async function openWithin(value: JsonValue, path: readonly string[], openMember: OpenMember): Promise<JsonValue> {
  if (typeof value !== 'object' || value === null) return value;
  if (isSealed(value)) return await openMember(value, path);
  const opened: [string, JsonValue][] = [];
  for (const [name, member] of Object.entries(value))
    opened.push([name, await openWithin(member ?? null, [...path, name], openMember)]);
  return Array.isArray(value) ? opened.map(([, member]) => member) : Object.fromEntries(opened);
}

async function openValue(
  { sealed }: SealedValue,
  member: string,
  key: KeyObject,
  { agentId, infraId }: SealOwner,
): Promise<JsonValue> {
  if (sealed.length > sealLimits.sealedLength) throw cannotOpen(member, 'it is too large');
  const { compactDecrypt } = await import('jose/jwe/compact/decrypt');
  const opened = await compactDecrypt(sealed, key, {
    keyManagementAlgorithms: [sealMethod.alg],
    contentEncryptionAlgorithms: [sealMethod.enc],
  }).catch((cause: unknown) => {
    throw cannotOpen(member, 'it is sealed to another key, or was changed', cause);
  });
  const header: Record<string, unknown> = { ...opened.protectedHeader };
  if (header['agent'] !== agentId) throw cannotOpen(member, 'it is sealed to another agent');
  if (header['infra'] !== infraId) throw cannotOpen(member, 'it is sealed for another infra');
  if (header['member'] !== member) throw cannotOpen(member, 'it is sealed for another setting');
  return JSON.parse(Buffer.from(opened.plaintext).toString('utf8')) as JsonValue;
}

function cannotOpen(member: string, why: string, cause?: unknown): SkerryError {
  return new SkerryError('PlatformAuth', `The sealed setting ${member.slice(1)} cannot be opened: ${why}.`, {
    remedy: 'Add the infra again, or set its credentials anew.',
    cause,
  });
}
