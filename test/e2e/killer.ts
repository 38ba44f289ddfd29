import { setTimeout as pause } from 'node:timers/promises';
import type { ManagedChild } from '#controller/cli/index.ts';
import type { SeededRandom } from '#shared/runtime/seeded-random.ts';

export interface KillerOptions {
  random: SeededRandom;
  kills: number;
  /** Between two kills. */
  longestLifeMs: number;
  victims: { child: ManagedChild; start: () => Promise<unknown> }[];
}

/**
 * `kill -9` of one victim after another, each started again at once: some while they run, some while they start. At the end all
 * of them run.
 */
export async function killAtRandom({ random, kills, longestLifeMs, victims }: KillerOptions): Promise<void> {
  for (let left = kills; left > 0; left--) {
    const victim = victims[Math.floor(random.next() * victims.length)];
    if (victim === undefined) return;
    const { child, start } = victim;
    await pause(random.next() * longestLifeMs);
    await child.kill();
    // One in five dies a second death before it is ready.
    const starting = start();
    if (random.next() < 0.2 && left > 1) {
      left--;
      starting.catch(() => {});
      await pause(random.next() * longestLifeMs);
      await child.kill();
      await starting.catch(() => {});
      await start();
    } else await starting;
  }
}
