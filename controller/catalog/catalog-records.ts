import { SkerryError } from '#shared/errors/index.ts';
import type { NsdInfo, OnboardingState, VnfPackage } from '#shared/model/catalog.ts';
import type { Digest, NsdInfoId, VnfPackageId } from '#shared/model/ids.ts';
import type { Entry, Store } from '#shared/store/store.ts';
import { keys } from '../keys.ts';
import type { CatalogKind } from './catalog.ts';
import type { PackageUsage } from './package-usage.ts';

export type CatalogRecord = VnfPackage | NsdInfo;
export type Tagged<T> = T & { etag: string };
/** Who works on a resource; only the one that made the mark takes it off. */
export interface Mark {
  key: string;
  activity: Activity;
}
type Activity = Extract<OnboardingState, 'UPLOADING' | 'PROCESSING'>;

const prefixes = { 'vnf-package': 'vnf-package/', nsd: 'nsd/' } as const;
const nouns = { 'vnf-package': 'VNF package', nsd: 'NSD' } as const;

/**
 * Reads catalogue records as they look from outside. UPLOADING and PROCESSING are states of the process that does the work
 * and are kept in memory only: after a crash the record is what it was before, with no clean-up to forget.
 */
export class CatalogRecords {
  readonly #store: Store;
  readonly #usage: PackageUsage;
  readonly #activities = new Map<string, Mark>();

  constructor(store: Store, usage: PackageUsage) {
    this.#store = store;
    this.#usage = usage;
  }

  keyOf(kind: CatalogKind, id: string): string {
    return kind === 'nsd' ? keys.nsd(id) : keys.vnfPackage(id);
  }

  async entry<T extends CatalogRecord>(kind: CatalogKind, id: string): Promise<Entry<T>> {
    const entry = await this.#store.get<T>(this.keyOf(kind, id));
    if (entry === undefined) throw new SkerryError('NotFound', `There is no ${nouns[kind]} ${id}`);
    return entry;
  }

  async list<T extends CatalogRecord>(kind: CatalogKind): Promise<Entry<T>[]> {
    return this.#store.range<T>({ prefix: prefixes[kind] });
  }

  vnfPackage(id: VnfPackageId): Promise<Tagged<VnfPackage>> {
    return this.#one<VnfPackage>('vnf-package', id);
  }

  nsd(id: NsdInfoId): Promise<Tagged<NsdInfo>> {
    return this.#one<NsdInfo>('nsd', id);
  }

  async views<T extends CatalogRecord>(kind: CatalogKind): Promise<Tagged<T>[]> {
    const [entries, usage] = await Promise.all([this.list<T>(kind), this.#usage.read()]);
    return entries.map((entry) => this.#view(kind, entry, usage.has(entry.value.id)));
  }

  /** Uploading turns into processing. @throws Conflict while the resource is being uploaded to or processed */
  begin(kind: CatalogKind, id: string, activity: Activity): Mark {
    const key = this.keyOf(kind, id);
    const present = this.#activities.get(key)?.activity;
    if (present !== undefined && !(present === 'UPLOADING' && activity === 'PROCESSING')) {
      throw new SkerryError('Conflict', `The ${nouns[kind]} ${id} is ${present} already`, {
        remedy: 'wait until the upload that runs has ended',
      });
    }
    const mark: Mark = { key, activity };
    this.#activities.set(key, mark);
    return mark;
  }

  end(mark: Mark): void {
    if (this.#activities.get(mark.key) === mark) this.#activities.delete(mark.key);
  }

  isBusy(kind: CatalogKind, id: string): boolean {
    return this.#activities.has(this.keyOf(kind, id));
  }

  /** Every digest that a record refers to. */
  async referencedDigests(): Promise<Set<Digest>> {
    const lists = await Promise.all([this.list('vnf-package'), this.list('nsd')]);
    return new Set(lists.flat().flatMap((entry) => digestsOf(entry.value)));
  }

  async #one<T extends CatalogRecord>(kind: CatalogKind, id: string): Promise<Tagged<T>> {
    const [entry, usage] = await Promise.all([this.entry<T>(kind, id), this.#usage.read()]);
    return this.#view(kind, entry, usage.has(id));
  }

  #view<T extends CatalogRecord>(kind: CatalogKind, entry: Entry<T>, isInUse: boolean): Tagged<T> {
    const activity = this.#activities.get(entry.key)?.activity ?? '';
    // A revision that replaces running content leaves the resource as it is until it is accepted.
    const isFirst = entry.value.onboardingState !== 'ONBOARDED';
    const usageState = isInUse ? 'IN_USE' : 'NOT_IN_USE';
    const view = {
      ...entry.value,
      usageState: usageState as T['usageState'],
      etag: `${kind}.${entry.revision}${isInUse ? '.used' : ''}${activity === '' || !isFirst ? '' : `.${activity}`}`,
    };
    if (activity !== '' && isFirst) view.onboardingState = activity;
    return view;
  }
}

/** Present content, and that of former revisions which instances may still run. */
export function digestsOf(record: Pick<CatalogRecord, 'contentDigest' | 'formerDigests'>): Digest[] {
  const present = record.contentDigest === undefined ? [] : [record.contentDigest];
  return [...present, ...(record.formerDigests ?? [])];
}
