import { exec } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { SeededRandom } from '#shared/runtime/seeded-random.ts';
import type { Site } from '../../e2e/site.ts';
import { chaosCommand } from '../cluster.ts';

const run = promisify(exec);

/** Orders to whoever holds the cluster; see the head of test/kubernetes/cluster.ts. */
export async function chaos(words: 'kill apiserver' | 'kill kubelet' | 'revive'): Promise<void> {
  await run(`${chaosCommand} ${words}`, { timeout: 90_000 });
}

export interface Deaths {
  random: SeededRandom;
  kills: number;
  site: Site;
  longestLifeMs: number;
}

/** `kill -9` of agent, API server and kubelet, one after another or two at once; each comes back before the next one dies. */
export async function killAtRandom({ random, kills, site, longestLifeMs }: Deaths): Promise<Record<string, number>> {
  const dead: Record<string, number> = { agent: 0, apiserver: 0, kubelet: 0 };
  const count = (name: string) => {
    dead[name] = (dead[name] ?? 0) + 1;
  };
  for (let left = kills; left > 0; left--) {
    await pause(random.next() * longestLifeMs);
    const choice = random.next();
    const withAgent = choice < 0.6;
    const part = choice < 0.45 ? undefined : random.next() < 0.6 ? 'apiserver' : 'kubelet';
    if (part !== undefined) {
      await chaos(`kill ${part}`);
      count(part);
      await pause(random.next() * 1000);
    }
    if (withAgent && (part === undefined || left > 1)) {
      if (part !== undefined) left--;
      await site.agent.kill();
      count('agent');
      await site.start();
    }
    if (part !== undefined) await chaos('revive');
  }
  return dead;
}
