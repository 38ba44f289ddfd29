import { SkerryError } from '../errors/index.ts';
import type { Backing, StoredDocument, WriteGroup } from './backing.ts';
import { DocumentCache } from './document-cache.ts';
import type { Level } from './level.ts';
import { openRecord, sealRecord, storeDamaged } from './level-record.ts';
import { decodeFrozen } from './prepared-change.ts';
import type { FeedBatch } from './store.ts';

/** The part of classic-level that the store uses. */
export type LevelDatabase = Pick<Level<string, string>, 'open' | 'close' | 'getSync' | 'batch' | 'keys' | 'clear'>;
type Operation = { type: 'put'; key: string; value: string } | { type: 'del'; key: string };

export interface LevelBackingOptions {
  cacheBytes: number;
  feedRetention: number;
  /** Makes a handle on the folder; called once per opening. */
  database: () => LevelDatabase;
}

/** Number of the layout below; a newer one is refused. */
const format = 1;
/** Newest commits kept decoded for the feeds that follow live. */
const recentCommits = 256;

/**
 * Layout: `d/<key>` documents (`<revision>:<json>`), `l/<revision>` the log of commits (`[[key, value]…]`, `[key]` deleted),
 * `m/head` the newest revision, `m/format`, `m/term/<lease>`. All records are sealed with a checksum.
 */
export class LevelBacking implements Backing {
  #options: LevelBackingOptions;
  #handle: LevelDatabase | undefined;
  #cache: DocumentCache;
  #recent = new Map<number, FeedBatch>();

  constructor(options: LevelBackingOptions) {
    this.#options = options;
    this.#cache = new DocumentCache(options.cacheBytes);
  }

  async open(): Promise<{ revision: number; keys: string[] }> {
    await this.close();
    this.#cache.clear();
    this.#recent.clear();
    this.#handle = this.#options.database();
    try {
      await this.#handle.open();
      this.#checkFormat();
      const revision = Number(this.#readMeta('head') ?? 0);
      await this.#checkLog(revision);
      const keys = await this.#database.keys({ gte: 'd/', lt: 'd0' }).all();
      // LevelDB orders by UTF-8 bytes, the port by code units; they differ beyond the basic plane.
      return { revision, keys: keys.map((key) => key.slice(2)).sort() };
    } catch (error) {
      await this.close();
      throw translateLevelError(error);
    }
  }

  read(key: string): StoredDocument | undefined {
    const cached = this.#cache.get(key);
    if (cached !== undefined) return cached;
    const body = this.#readRecord(`d/${key}`);
    if (body === undefined) return undefined;
    const colon = body.indexOf(':');
    const json = body.slice(colon + 1);
    const document = { revision: Number(body.slice(0, colon)), value: decodeFrozen(json) };
    this.#cache.set(key, document, json.length);
    return document;
  }

  readLog(revision: number): FeedBatch | undefined {
    const recent = this.#recent.get(revision);
    if (recent !== undefined) return recent;
    const body = this.#readRecord(logKey(revision));
    if (body === undefined) return undefined;
    const changes = decodeFrozen(body) as [key: string, value?: unknown][];
    return { revision, changes: changes.map(([key, value]) => ({ key, value })) };
  }

  readTerm(leaseName: string): number {
    return Number(this.#readMeta(`term/${leaseName}`) ?? 0);
  }

  async write(group: WriteGroup): Promise<void> {
    try {
      await this.#database.batch(this.#operations(group), { sync: true });
    } catch (error) {
      throw translateLevelError(error);
    }
    for (const { revision, changes } of group.commits) {
      for (const { key, value, json } of changes) {
        if (json === undefined) this.#cache.delete(key);
        else this.#cache.set(key, { revision, value }, json.length);
      }
      this.#recent.set(revision, { revision, changes: changes.map(({ key, value }) => ({ key, value })) });
      this.#recent.delete(revision - Math.min(recentCommits, this.#options.feedRetention));
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  get #database(): LevelDatabase {
    if (this.#handle === undefined)
      throw new SkerryError('Unavailable', 'The store could not be opened again after a failed write', {
        remedy: 'Free or repair the disk; the next write opens it again.',
      });
    return this.#handle;
  }

  #operations({ commits, terms }: WriteGroup): Operation[] {
    const operations: Operation[] = [];
    for (const { revision, changes } of commits) {
      for (const { key, json } of changes) {
        if (json === undefined) operations.push({ type: 'del', key: `d/${key}` });
        else operations.push({ type: 'put', key: `d/${key}`, value: sealRecord(`${revision}:${json}`) });
      }
      const logged = changes.map(({ key, json }) => `[${JSON.stringify(key)}${json === undefined ? '' : `,${json}`}]`);
      operations.push({ type: 'put', key: logKey(revision), value: sealRecord(`[${logged.join(',')}]`) });
      const expired = revision - this.#options.feedRetention;
      if (expired > 0) operations.push({ type: 'del', key: logKey(expired) });
    }
    const head = commits.at(-1)?.revision;
    if (head !== undefined) operations.push({ type: 'put', key: 'm/head', value: sealRecord(String(head)) });
    for (const [name, term] of terms)
      operations.push({ type: 'put', key: `m/term/${name}`, value: sealRecord(String(term)) });
    operations.push({ type: 'put', key: 'm/format', value: sealRecord(String(format)) });
    return operations;
  }

  #checkFormat(): void {
    const found = this.#readMeta('format');
    if (found === undefined || Number(found) === format) return;
    throw new SkerryError('Conflict', `The store has format ${found}, this program knows format ${format}`, {
      remedy: 'Start the version that wrote it, or a newer one.',
    });
  }

  /** Every commit left a log record: a gap or a wrong end shows a batch that recovery has dropped. */
  async #checkLog(head: number): Promise<void> {
    const kept = await this.#database.keys({ gte: 'l/', lt: 'l0' }).all();
    const first = kept.length === 0 ? head + 1 : Number(kept[0]!.slice(2));
    const isWhole = first + kept.length - 1 === head && (head === 0 || kept.length > 0);
    if (!isWhole)
      throw storeDamaged(`The log of commits is not whole: ${kept.length} from ${first}, newest should be ${head}`);
    const oldestWanted = head - this.#options.feedRetention + 1;
    if (first < oldestWanted) await this.#database.clear({ gte: 'l/', lt: logKey(oldestWanted) });
  }

  #readMeta(name: string): string | undefined {
    return this.#readRecord(`m/${name}`);
  }

  #readRecord(key: string): string | undefined {
    let record: string | undefined;
    try {
      record = this.#database.getSync(key);
    } catch (error) {
      throw translateLevelError(error);
    }
    return record === undefined ? undefined : openRecord(key, record);
  }
}

function logKey(revision: number): string {
  return `l/${String(revision).padStart(16, '0')}`;
}

/** LevelDB tells causes by text only. */
function translateLevelError(error: unknown): unknown {
  if (error instanceof SkerryError) return error;
  const { code, cause } = error as { code?: string; cause?: { code?: string; message?: string } };
  const codes = [code, cause?.code];
  const text = `${(error as Error).message} ${cause?.message ?? ''}`;
  if (/No space left|ENOSPC|quota exceeded|EDQUOT|File too large/i.test(text))
    return new SkerryError('DiskFull', 'The disk of the store is full', {
      cause: error,
      remedy: 'Free space on the disk of the state folder; the next write goes on by itself.',
    });
  if (codes.includes('LEVEL_LOCKED'))
    return new SkerryError('Conflict', 'Another process has the store open', {
      cause: error,
      remedy: 'Stop the other process, or give this one a state folder of its own.',
    });
  if (codes.includes('LEVEL_CORRUPTION') || /Corruption|missing files|does not exist|checksum/i.test(text))
    return storeDamaged('The store cannot be read', error);
  return new SkerryError('Unavailable', 'The store cannot be reached', {
    cause: error,
    remedy: 'Check the disk and the permissions of the state folder.',
  });
}
