import { setTimeout as wait } from 'node:timers/promises';

/** Looks every `everyMs` at what gives no events, such as files and other processes. @returns what `look` found */
export async function waitUntil<T>(
  what: string,
  look: () => Promise<T | undefined>,
  { everyMs = 10, timeoutMs = 60_000 }: { everyMs?: number; timeoutMs?: number } = {},
): Promise<T> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > until) throw new Error(`${what}: not seen in ${timeoutMs / 1000} s`);
    await wait(everyMs);
  }
}
