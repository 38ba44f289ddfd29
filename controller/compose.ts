import type { ChartSource } from '#shared/model/charts.ts';
import type { AgentId, InfraId } from '#shared/model/ids.ts';
import type { Clock, Component, Logger, Random } from '#shared/runtime/index.ts';
import type { Store } from '#shared/store/store.ts';
import { type AgentLink, createAgentLink, type Listener } from './agentlink/index.ts';
import type { CatalogModels } from './catalog/index.ts';
import { type Clusters, createClusters } from './clusters/index.ts';
import { parseProfileScope } from './decide/index.ts';
import { createIntentBook, type LinkedIntentBook } from './intent-book/index.ts';
import { createInventory, type InventoryRoom } from './inventory/index.ts';
import { createLcm, type LcmPolicy, type LcmRoom } from './lcm/index.ts';
import type { Notifier } from './notify/index.ts';

export interface CoreDependencies {
  store: Store;
  models: CatalogModels;
  notifier: Notifier;
  charts?: ChartSource;
  clock: Clock;
  random: Random;
  log: Logger;
  /** What listens for agents; none in simulation, where carriers are handed to `link.accept`. */
  listeners: readonly Listener[];
  policy?: Partial<LcmPolicy>;
}

/** What decides and keeps agents in agreement: the controller without files and listeners of its own. */
export interface ControllerCore {
  book: LinkedIntentBook;
  inventory: InventoryRoom['inventory'];
  lcm: LcmRoom;
  clusters: Clusters;
  link: AgentLink;
  /** In the order in which they start. */
  components: Component[];
}

export async function composeCore(given: CoreDependencies): Promise<ControllerCore> {
  const { store, clock, random, models, notifier, charts, listeners, policy } = given;
  const tools = (room: string) => ({ clock, random, log: given.log.child({ room }) });
  const book = await createIntentBook({ store, ...tools('intent-book') });
  const silentMs = (agentId: AgentId) => link.silentMs(agentId);
  const lcm = createLcm({ store, book, catalog: models, notifier, charts, ...tools('lcm'), policy, silentMs });
  const room = createInventory({
    store,
    book,
    ...tools('inventory'),
    wake: (scope) => (parseProfileScope(scope) === undefined ? lcm : clusters).wake(scope),
    wakeOpen: () => lcm.wakeOpen(),
  });
  const removeInfra = (infraId: InfraId) => room.removeInfra(infraId);
  const clusters = createClusters({ store, book, charts, removeInfra, ...tools('clusters') });
  const link = createAgentLink({ store, book, sink: room.sink, ...tools('agentlink'), listeners });
  return {
    book,
    inventory: room.inventory,
    lcm,
    clusters: clusters.clusters,
    link,
    components: [room, lcm, clusters, link],
  };
}
