import { checkNsAgainstVnfs } from '#shared/descriptor/index.ts';
import { readPackage } from '#shared/package/index.ts';
import type { Clock, Component, Logger, Random } from '#shared/runtime/index.ts';
import type { Store } from '#shared/store/store.ts';
import { type AgentLink, createAgentLink, type Listener } from './agentlink/index.ts';
import { createArtefactStore, createCatalog } from './catalog/index.ts';
import { createIntentBook } from './intent-book/index.ts';
import { createInventory } from './inventory/index.ts';
import { createLcm, type LcmPolicy, type LcmRoom } from './lcm/index.ts';
import { createNotifier } from './notify/index.ts';

export interface CoreDependencies {
  store: Store;
  artefactsFolder: string;
  clock: Clock;
  random: Random;
  log: Logger;
  /** What listens for agents; none in simulation, where carriers are handed to `link.accept`. */
  listeners: readonly Listener[];
  /** 32 bytes that seal subscribers' credentials at rest. */
  secretKey: Uint8Array;
  policy?: Partial<LcmPolicy>;
}

/** The controller without its listeners: engines joined by their interfaces, in the order in which they start. */
export interface ControllerCore {
  catalog: ReturnType<typeof createCatalog>;
  inventory: ReturnType<typeof createInventory>['inventory'];
  lcm: LcmRoom;
  notifier: ReturnType<typeof createNotifier>;
  link: AgentLink;
  components: Component[];
}

export async function composeCore(given: CoreDependencies): Promise<ControllerCore> {
  const { store, clock, random } = given;
  const tools = (room: string) => ({ clock, random, log: given.log.child({ room }) });
  const book = await createIntentBook({ store, ...tools('intent-book') });
  const notifier = createNotifier({ store, ...tools('notify'), secretKey: given.secretKey });
  const artefacts = createArtefactStore({ folder: given.artefactsFolder, ...tools('catalog') });
  const catalog = createCatalog({
    store,
    artefacts,
    readPackage,
    checkNs: checkNsAgainstVnfs,
    notifier,
    ...tools('catalog'),
  });
  const lcm = createLcm({ store, book, catalog, notifier, ...tools('lcm'), policy: given.policy });
  const room = createInventory({
    store,
    book,
    ...tools('inventory'),
    wake: (nsInstanceId) => lcm.wake(nsInstanceId),
    wakeOpen: () => lcm.wakeOpen(),
  });
  const link = createAgentLink({ store, book, sink: room.sink, ...tools('agentlink'), listeners: given.listeners });
  return {
    catalog,
    inventory: room.inventory,
    lcm,
    notifier,
    link,
    components: [notifier, catalog, room, lcm, link],
  };
}
