import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { WorldEntry } from '#agent/connectors/simulated/world-entry.ts';
import type { BenchAgent } from './testbed.ts';

/** What happened on an agent's simulated platform so far, in order, each with its wall-clock time. */
export async function worldHistory(agent: BenchAgent): Promise<WorldEntry[]> {
  const file = worldFiles(agent).find((name) => name.endsWith('.effects.jsonl'));
  if (file === undefined) return [];
  const lines = (await readFile(file, 'utf8')).split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as WorldEntry);
}

/** Files of an agent's simulated platforms; without them these start empty. */
export function worldFiles(agent: BenchAgent): string[] {
  return globSync([`${agent.home}/**/${agent.infraId}*.json`, `${agent.home}/**/${agent.infraId}*.effects.jsonl`]);
}
