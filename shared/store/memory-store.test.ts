import { describeStore } from '#test/conformance/store-suite.ts';
import { createMemoryStore, MemoryDisk } from './memory-store.ts';

describeStore('memory', async ({ feedRetention }) => {
  const disk = new MemoryDisk();
  return {
    open: async () => createMemoryStore({ disk, feedRetention }),
    // Opening another store on the disk fences the one before; nothing else is left of a process.
    crash: async () => {
      createMemoryStore({ disk, feedRetention });
    },
    discard: async () => {},
  };
});
