import { agentKeys } from '#agent/store/agent-store.ts';
import { decodeRecord, headKey } from '#agent/store/record.ts';
import type { ReportStream } from '#shared/wire/frames.ts';
import type { Breach } from '../breach.ts';
import type { DiskWrite } from '../simulated-disk.ts';

export interface SeenRecord {
  stream: ReportStream;
  /** Grows with every record that is seen for the first time. */
  birth: number;
}

/** What one agent ever made durable, by its disk's own writes; knows nothing of the agent's code but the names of its keys. */
export class DiskWitness {
  readonly breaches: Breach[] = [];
  /** Every must-deliver record that ever was on the disk. */
  readonly records = new Map<string, SeenRecord>();
  /** Those that the controller is owed: durable, and not lost with a disk. */
  readonly owed = new Set<string>();
  /** Highest generation that was ever durable, by store. */
  readonly generations = new Map<string, number>();
  storeId = '';
  /** Stores in the order of their births. */
  readonly storeIds: string[] = [];
  /** Highest term and generation on the present disk. */
  #head = { lineage: '', term: 0, generation: 0 };
  readonly #finished = new Map<string, string>();
  /** Incarnation that a one-shot began on. */
  readonly begun = new Map<string, string>();
  readonly journal = new Map<string, JournalContent>();
  readonly tombstones = new Set<string>();
  /** A rebirth needs a reason; a lost disk has two: a new identity, and that of its repair. */
  #rebirthsDue = 0;
  readonly #name: string;
  onFinished: (opId: string) => void = () => undefined;

  constructor(name: string) {
    this.#name = name;
  }

  wrote(changes: DiskWrite, isLie: boolean): void {
    for (const { key, value } of changes) {
      const record = value === undefined || key === headKey ? undefined : decodeRecord(key, value);
      if (key === headKey) continue;
      this.#take(key, record === undefined ? undefined : (JSON.parse(record.json) as never), isLie);
    }
    if (this.storeId !== '') {
      const best = this.generations.get(this.storeId) ?? 0;
      this.generations.set(this.storeId, Math.max(best, this.#head.generation));
    }
  }

  /** The disk is another than it was: what it no longer has is lost with it, and what it says begins anew. */
  struck(entries: ReadonlyMap<string, string>, isApplied: (recordId: string) => boolean): void {
    const left = new Set<string>();
    this.journal.clear();
    this.tombstones.clear();
    this.#finished.clear();
    this.#head = { lineage: '', term: 0, generation: 0 };
    this.#rebirthsDue = 2;
    for (const [key, text] of entries) {
      const record = key === headKey ? undefined : decodeRecord(key, text);
      if (record === undefined) continue;
      const value = JSON.parse(record.json) as never;
      if (key.startsWith('out/')) left.add((value as { recordId: string }).recordId);
      this.#take(key, value, true);
    }
    for (const recordId of [...this.owed]) if (!left.has(recordId) && !isApplied(recordId)) this.owed.delete(recordId);
  }

  #breach(invariant: string, message: string): void {
    this.breaches.push({ invariant, message: `${this.#name}: ${message}` });
  }

  #take(key: string, value: never | undefined, isLie: boolean): void {
    if (key.startsWith('out/') && value !== undefined) this.#takeRecord(key, value, isLie);
    else if (key === agentKeys.identity && value !== undefined) this.#takeIdentity(value);
    else if (key === agentKeys.intentHead && value !== undefined) this.#takeHead(value);
    else if (key.startsWith(agentKeys.operationPrefix)) this.#takeOperation(key, value);
    else if (key.startsWith(agentKeys.journalPrefix)) {
      const unit = key.slice(agentKeys.journalPrefix.length);
      if (value === undefined) this.journal.delete(unit);
      else this.#takeJournal(unit, value);
    } else if (key.startsWith(agentKeys.tombstonePrefix) && value !== undefined)
      this.tombstones.add(key.slice(agentKeys.tombstonePrefix.length));
  }

  /** A5: nothing is begun anew once the disk knows that it shall go. */
  #takeJournal(unit: string, record: JournalContent): void {
    const { current } = record;
    const isNew = current !== undefined && this.journal.get(unit)?.current?.incarnation !== current.incarnation;
    if (isNew && current.status === 'LOGGED' && this.tombstones.has(unit))
      this.#breach('A5', `${unit} is made again after its tombstone`);
    this.journal.set(unit, record);
  }

  #takeRecord(key: string, value: { recordId: string; body: { type: string } }, isLie: boolean): void {
    const stream = key.split('/')[1] as ReportStream;
    if (value.body.type === 'gap') return;
    if (!this.records.has(value.recordId)) this.records.set(value.recordId, { stream, birth: this.records.size });
    if (!isLie) this.owed.add(value.recordId);
  }

  #takeIdentity({ storeId }: { storeId: string }): void {
    if (storeId === this.storeId) return;
    if (this.storeId !== '' && this.#rebirthsDue === 0)
      this.#breach('A1', 'the store was reborn though its disk was not touched');
    this.#rebirthsDue = Math.max(0, this.#rebirthsDue - 1);
    this.storeId = storeId;
    this.storeIds.push(storeId);
  }

  /** I6, A5: within a lineage neither term nor generation goes back. */
  #takeHead(head: { lineage: string; term: number; generation: number }): void {
    const before = this.#head;
    if (before.lineage !== '' && head.lineage !== before.lineage)
      this.#breach('A5', `left lineage ${before.lineage} without a rebase`);
    if (head.term < before.term) this.#breach('I6', `term ${head.term} after ${before.term}`);
    if (head.generation < before.generation)
      this.#breach('A5', `led back from generation ${before.generation} to ${head.generation}`);
    this.#head = head;
  }

  /** I3: a one-shot ends once. A6: it begins on what it names; the fleet's witness knows what that is. */
  #takeOperation(key: string, value: { status: string; from?: string; result?: string } | undefined): void {
    const opId = key.slice(agentKeys.operationPrefix.length);
    const finished = this.#finished.get(opId);
    if (value === undefined) return void this.#finished.delete(opId);
    if (finished !== undefined && finished !== value.result)
      this.#breach('I3', `operation ${opId} ended as ${finished} and is now ${value.result ?? value.status}`);
    if (value.status === 'begun' && value.from !== undefined) this.begun.set(opId, value.from);
    if (value.status !== 'finished' || value.result === undefined) return;
    this.#finished.set(opId, value.result);
    if (finished === undefined && value.result === 'done') this.onFinished(opId);
  }
}

export interface JournalContent {
  current?: { incarnation: string; status: string };
  condemned: { incarnation: string; reason: string }[];
}
