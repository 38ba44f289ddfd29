import { SkerryError } from '#shared/errors/index.ts';
import type { InfraId } from '#shared/model/ids.ts';
import type { Agent } from '#shared/model/inventory.ts';
import type { JsonObject, JsonValue } from '#shared/model/json.ts';
import { hasSecrets, isSealed, sealSettings } from '#shared/seal/index.ts';
import { fits } from './report-limits.ts';

/** JSON of one infra's settings; they travel as one object of the agent's intent. */
const maxSettingsBytes = 256 * 1024;

/**
 * Settings as they may be kept: nothing secret in them is readable for anybody but this agent.
 * @throws SkerryError Conflict when the agent's key is not known yet, BadRequest, TooLarge
 */
export async function sealForAgent(agent: Agent, infraId: InfraId, settings: JsonObject): Promise<JsonObject> {
  if (!fits(settings, maxSettingsBytes)) throw tooLarge();
  if (!hasSecrets(settings)) return await sealSettings(settings, { agentId: agent.id, infraId, publicKey: '' });
  if (agent.publicKey === undefined)
    throw new SkerryError(
      'Conflict',
      `The key of agent ${agent.name} is not known yet, so nothing can be sealed to it.`,
      {
        details: { agentId: agent.id },
        remedy: 'Let the agent connect once, then enter the credentials again.',
      },
    );
  const sealed = await sealSettings(settings, { agentId: agent.id, infraId, publicKey: agent.publicKey });
  if (!fits(sealed, maxSettingsBytes)) throw tooLarge();
  return sealed;
}

/** JSON Merge Patch (RFC 7396); a sealed value is replaced whole. */
export function mergeSettings(target: JsonObject, patch: JsonObject): JsonObject {
  const merged = new Map<string, JsonValue | undefined>(Object.entries(target));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, isTree(value) ? mergeSettings(treeOf(merged.get(name)), value) : value);
  }
  return Object.fromEntries(merged);
}

function isTree(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isSealed(value);
}

function treeOf(value: JsonValue | undefined): JsonObject {
  return isTree(value) ? value : {};
}

function tooLarge(): SkerryError {
  return new SkerryError('TooLarge', `The settings are larger than ${maxSettingsBytes} bytes.`, {
    remedy: 'Keep large files on the node of the agent and name them in the settings.',
  });
}
