import type { AgentId, ObjectKey } from '#shared/model/ids.ts';
import type { Clock } from '#shared/runtime/index.ts';
import type { Change, Entry, Expectation, Store } from '#shared/store/store.ts';
import type { LinkedIntentBook } from '../intent-book/index.ts';
import type { StateRecord } from '../inventory/state-record.ts';
import { keys } from '../keys.ts';
import type { AgentSessionRecord } from './session-record.ts';

/** A record may come again for as long as a certificate can return. */
const recordRetentionMs = 365 * 24 * 3_600_000;
const pageSize = 500;

export interface RetentionParts {
  store: Store;
  book: LinkedIntentBook;
  clock: Clock;
}

/** Forgets what is kept of one agent and can be of no use any more. Repeatable; what changes meanwhile is left for the next time. */
export async function sweepAgent(
  parts: RetentionParts,
  agentId: AgentId,
  record: AgentSessionRecord | undefined,
): Promise<void> {
  const now = parts.clock.now();
  await sweep<{ at: number }>(
    parts,
    keys.recordId(agentId, ''),
    async ({ value }) => now - value.at > recordRetentionMs,
  );
  await parts.book.dropOldGraves(agentId);
  if (record === undefined) return;
  const known = new Set([record.storeId, ...record.formerStores, ...(record.contested ?? [])]);
  const storeOf = (key: string) => key.split('/')[2] ?? '';
  await sweep(parts, `mark/${agentId}/`, async ({ key }) => !known.has(storeOf(key)));
  await sweep(parts, `state-seq/${agentId}/`, async ({ key }) => storeOf(key) !== record.storeId);
  // A row of a former store, of a unit that nobody wants any more: nobody will ever say that it is gone.
  const prefix = keys.state(agentId, '');
  await sweep<StateRecord>(parts, prefix, async ({ key, value }) => {
    if (value.body.type !== 'unit' || value.storeId === record.storeId) return false;
    return (await parts.book.object(agentId, key.slice(prefix.length) as ObjectKey)) === undefined;
  });
}

/** Deletes the entries for which `isUseless` holds, page by page, unless they changed meanwhile. */
async function sweep<T>(
  { store }: RetentionParts,
  prefix: string,
  isUseless: (entry: Entry<T>) => Promise<boolean>,
): Promise<void> {
  let after: string | undefined;
  for (;;) {
    const page = await store.range<T>({ prefix, limit: pageSize, ...(after === undefined ? {} : { after }) });
    const changes: Change[] = [];
    const expect: Expectation[] = [];
    for (const entry of page) {
      if (!(await isUseless(entry))) continue;
      changes.push({ key: entry.key, value: undefined });
      expect.push({ key: entry.key, revision: entry.revision });
    }
    if (changes.length > 0) await store.commit(changes, { expect });
    const last = page.at(-1);
    if (page.length < pageSize || last === undefined) return;
    after = last.key;
  }
}
