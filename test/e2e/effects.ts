import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { WorldEntry, WorldUnit } from '#agent/connectors/simulated/index.ts';

/** What really happened on a site's simulated platforms: read from their histories, which outlive agent and controller. */
export class Effects {
  readonly entries: WorldEntry[];
  /** What stands now, by `<key>#<incarnation>`. */
  readonly standing = new Map<string, WorldUnit>();
  /** Creates by `<key>#<incarnation>`. */
  readonly creates = new Map<string, number>();

  constructor(entries: WorldEntry[]) {
    this.entries = entries;
    for (const entry of entries) this.#apply(entry);
  }

  /** Folds the histories itself: a fault in the connector's own fold must not hide here. */
  #apply(entry: WorldEntry): void {
    if (entry.type === 'create' || entry.type === 'update') {
      const name = `${entry.unit.key}#${entry.unit.incarnation}`;
      if (entry.type === 'create') this.creates.set(name, (this.creates.get(name) ?? 0) + 1);
      this.standing.set(name, entry.unit);
    } else if (entry.type === 'remove' || entry.type === 'deleted') {
      this.standing.delete(`${entry.key}#${entry.incarnation}`);
    }
  }

  count(type: WorldEntry['type']): number {
    return this.entries.filter((entry) => entry.type === type).length;
  }

  /** How many of each kind stand. */
  kinds(): Record<string, number> {
    const kinds: Record<string, number> = {};
    for (const unit of this.standing.values()) kinds[unit.kind] = (kinds[unit.kind] ?? 0) + 1;
    return kinds;
  }

  keys(kind?: string): string[] {
    return [...this.standing.values()].filter((unit) => kind === undefined || unit.kind === kind).map(({ key }) => key);
  }

  /** How many incarnations of each key were ever made. */
  incarnations(): Map<string, number> {
    const made = new Map<string, number>();
    for (const name of this.creates.keys()) {
      const key = name.slice(0, name.lastIndexOf('#'));
      made.set(key, (made.get(key) ?? 0) + 1);
    }
    return made;
  }

  /**
   * Every incarnation was created once and no key stands twice; each key was made `1 + replaced` times, where `replaced` counts
   * what was killed, deleted or ordered to be healed.
   */
  assertExact(replaced: ReadonlyMap<string, number> = new Map()): void {
    for (const [name, count] of this.creates) assert.equal(count, 1, `${name} was created ${count} times`);
    const keys = this.keys();
    assert.equal(new Set(keys).size, keys.length, `some key stands twice: ${keys.sort().join(' ')}`);
    for (const [key, made] of this.incarnations())
      assert.equal(made, 1 + (replaced.get(key) ?? 0), `${key} was made ${made} times: ${this.#historyOf(key)}`);
  }

  #historyOf(key: string): string {
    const lines = this.entries.flatMap((entry) => {
      const about = 'unit' in entry ? entry.unit : 'incarnation' in entry ? entry : undefined;
      return about?.key === key ? [`${entry.at} ${entry.type} ${about.incarnation}`] : [];
    });
    return lines.join('; ');
  }
}

/** @param home SKERRY_HOME of an agent, running or not */
export function readEffects(home: string): Effects {
  const folder = path.join(home, 'worlds');
  const entries: WorldEntry[] = [];
  for (const name of filesIn(folder)) {
    const text = readFileSync(path.join(folder, name), 'utf8');
    // A line without its end is being written.
    const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
    for (const line of lines) if (line !== '') entries.push(JSON.parse(line) as WorldEntry);
  }
  return new Effects(entries);
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.effects.jsonl'));
  } catch {
    return [];
  }
}
