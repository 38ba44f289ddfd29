import type { Resources } from '#shared/connector/index.ts';

/** Less than this part of the whole is no news. */
const newsPart = 0.1;
const names = ['vcpus', 'memoryMib', 'storageGib'] as const;

/**
 * What is told of measured usage: the value of before, as long as nothing has moved by a tenth of the node. Usage moves all the
 * time, and every report costs a link its bytes.
 */
export class SteadyUsage {
  #told = new Map<string, Resources>();

  /** By node name; nodes that are not among them are forgotten. */
  settle(measured: ReadonlyMap<string, Resources>, totals: ReadonlyMap<string, Resources>): Map<string, Resources> {
    const next = new Map<string, Resources>();
    for (const [node, now] of measured) {
      const before = this.#told.get(node);
      const total = totals.get(node);
      const isNews =
        before === undefined || names.some((name) => hasMoved(before[name], now[name], total?.[name] ?? 0));
      next.set(node, isNews ? rounded(now) : before);
    }
    this.#told = next;
    return next;
  }
}

function hasMoved(before: number, now: number, total: number): boolean {
  return Math.abs(now - before) > Math.max(total * newsPart, 1e-9);
}

function rounded({ vcpus, memoryMib, storageGib }: Resources): Resources {
  return { vcpus: Math.round(vcpus * 100) / 100, memoryMib: Math.round(memoryMib), storageGib: Math.round(storageGib) };
}
