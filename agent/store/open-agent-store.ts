import { SkerryError } from '#shared/errors/index.ts';
import type { Clock, Logger, Random } from '#shared/runtime/index.ts';
import { type AgentStore, agentKeys, type StoreHealth } from './agent-store.ts';
import { ImageStore } from './image-store.ts';
import { folderMedium } from './level-medium.ts';
import type { StoreMedium } from './raw-store.ts';
import { type CheckedRecord, encodeRecord } from './record.ts';
import { type Inspection, imageOf, inspect, merge } from './recover.ts';

export interface AgentStoreDependencies {
  clock: Clock;
  random: Random;
  log: Logger;
}

/** Opens, or creates, the agent's store in a folder. One process at a time. */
export function openAgentStore(folder: string, dependencies: AgentStoreDependencies): Promise<AgentStore> {
  return openAgentStoreOn(folderMedium(folder), dependencies);
}

/**
 * The repair ladder: clean → go; damaged → newest valid snapshot and valid newer records; unreadable → salvage of a copy; else
 * empty. Any rung but the first leaves `meta/rebirth-due`: a repair may have cost the store its tail.
 */
export async function openAgentStoreOn(medium: StoreMedium, dependencies: AgentStoreDependencies): Promise<AgentStore> {
  const { log } = dependencies;
  const newestSnapshot = await medium.newestSnapshot();
  let found: Inspection;
  try {
    const raw = await medium.open();
    found = inspect(await raw.entries(), newestSnapshot);
    if (found.damage.length === 0) {
      const isEmpty = found.valid.size === 0 && found.head === undefined;
      const health: StoreHealth = { opened: isEmpty ? 'empty' : 'clean', damage: [] };
      return new ImageStore({ raw, medium, health, log, image: imageOf(found.valid), head: found.head });
    }
    await raw.close();
  } catch (error) {
    if (error instanceof SkerryError && error.code === 'Conflict') throw error;
    found = inspect(await medium.salvage(), newestSnapshot);
    found.damage.unshift(`the store does not open: ${error instanceof Error ? error.message : String(error)}`);
  }
  return rebuild(medium, found, log);
}

async function rebuild(medium: StoreMedium, found: Inspection, log: Logger): Promise<AgentStore> {
  const snapshot = await medium.readSnapshot();
  const records = merge(found, snapshot);
  const isEmpty = records.size === 0;
  // The report of what was reached may be among what is lost: all of it is reported anew.
  for (const key of [...records.keys()]) if (key.startsWith(agentKeys.reachedPrefix)) records.delete(key);
  log.error({ damage: found.damage.slice(0, 20), saved: records.size }, 'the agent store was damaged and is rebuilt');
  const batch = Math.max(found.head?.batch ?? 0, snapshot?.batch ?? 0) + 1;
  const json = JSON.stringify({ damage: found.damage.slice(0, 20) });
  records.set(agentKeys.rebirthDue, { batch, json, hash: encodeRecord(agentKeys.rebirthDue, batch, json).hash });
  // The repaired content is in a file before the damaged engine goes: a repair that is cut short is found and done again.
  await medium.writeSnapshot({ batch, records: [...records].map(([key, record]) => [key, textOf(key, record)]) });
  await medium.setAside();
  const raw = await medium.open();
  const health: StoreHealth = { opened: isEmpty ? 'empty' : 'repaired', damage: found.damage };
  const store = new ImageStore({ raw, medium, health, log, image: imageOf(records), head: undefined });
  await store.writeWhole(records, batch);
  return store;
}

function textOf(key: string, { batch, json }: CheckedRecord): string {
  return encodeRecord(key, batch, json).text;
}
