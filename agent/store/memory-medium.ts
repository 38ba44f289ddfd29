import { SkerryError } from '#shared/errors/index.ts';
import { compareKeys } from './image.ts';
import type { RawChange, RawStore, SnapshotContent, StoreMedium } from './raw-store.ts';

/** A disk in memory for tests and simulation: outlives the store that is opened on it, and can be made to fail. */
export interface MemoryMedium extends StoreMedium {
  /** The disk as it is; copy it to take an image, `restore` to set the disk back. */
  image(): MemoryImage;
  restore(image: MemoryImage): void;
  /** Writes fail with DiskFull while set. */
  isFull: boolean;
  /** The next write that is acknowledged is lost at the next open: a disk that lies about fsync. */
  losesWrites: boolean;
  /** The next open fails as unreadable. */
  isUnreadable: boolean;
  flipByte(key: string): void;
  dropRecord(key: string): void;
  /** Runs before each write; may throw (a crash at that point) or wait. */
  beforeWrite: (() => void | Promise<void>) | undefined;
  readonly writes: number;
}

export interface MemoryImage {
  entries: ReadonlyMap<string, string>;
  snapshots: readonly SnapshotContent[];
}

export function memoryMedium(): MemoryMedium {
  let durable = new Map<string, string>();
  let snapshots: SnapshotContent[] = [];
  let writes = 0;
  /** Grows when a store is opened: what an earlier one still writes is lost, as after a crash. */
  let life = 0;
  const open = async (): Promise<RawStore> => {
    if (medium.isUnreadable) {
      medium.isUnreadable = false;
      throw new Error('corruption: bad magic number');
    }
    const mine = ++life;
    const visible = new Map(durable);
    return {
      entries: async () => [...visible].sort(([a], [b]) => compareKeys(a, b)),
      async write(changes: readonly RawChange[]) {
        await medium.beforeWrite?.();
        if (mine !== life) throw new SkerryError('StoreClosed', 'This store was opened anew elsewhere');
        if (medium.isFull) throw new SkerryError('DiskFull', 'The disk in memory is full');
        writes++;
        for (const map of medium.losesWrites ? [visible] : [visible, durable])
          for (const { key, value } of changes) value === undefined ? map.delete(key) : map.set(key, value);
      },
      close: async () => {},
    };
  };
  const medium: MemoryMedium = {
    isFull: false,
    losesWrites: false,
    isUnreadable: false,
    beforeWrite: undefined,
    get writes() {
      return writes;
    },
    open,
    salvage: async () => [],
    setAside: async () => {
      durable = new Map();
    },
    newestSnapshot: async () => Math.max(0, ...snapshots.map((snapshot) => snapshot.batch)),
    readSnapshot: async () => [...snapshots].sort((a, b) => b.batch - a.batch)[0],
    writeSnapshot: async (content) => {
      snapshots = [...snapshots, content].slice(-2);
    },
    image: () => ({ entries: new Map(durable), snapshots: [...snapshots] }),
    restore(image) {
      life++;
      durable = new Map(image.entries);
      snapshots = [...image.snapshots];
    },
    flipByte(key) {
      const text = durable.get(key) ?? '';
      const last = text.length - 2;
      durable.set(key, text.slice(0, last) + (text[last] === 'x' ? 'y' : 'x') + text.slice(last + 1));
    },
    dropRecord(key) {
      durable.delete(key);
    },
  };
  return medium;
}
