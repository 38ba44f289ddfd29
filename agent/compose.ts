import { type AgentId, id, type SiteId } from '#shared/model/ids.ts';
import type { Clock, Component, Logger, Random } from '#shared/runtime/index.ts';
import { version } from '#shared/version.ts';
import type { AgentSide } from '#shared/wire/session.ts';
import type { ConnectorRegistry } from './connectors/index.ts';
import { createIntentHolder, type LinkedIntentHolder } from './intent/index.ts';
import { createLink, type Link, rebirthIfDue } from './link/index.ts';
import type { LocalSources } from './local/index.ts';
import { createHealingPolicy } from './policy/index.ts';
import { createOutbox, type LinkedOutbox } from './report/index.ts';
import { createSeek, type Seek, type SeekLimits } from './seek/index.ts';
import type { AgentStore } from './store/index.ts';

export interface AgentDependencies {
  store: AgentStore;
  connectors: ConnectorRegistry;
  agentId: string;
  siteId: string;
  /** Opens a carrier to the controller. */
  dial: () => Promise<AgentSide>;
  /** Where it dials, for people. */
  controller: string;
  clock: Clock;
  random: Random;
  log: Logger;
  limits?: Partial<SeekLimits>;
  diskFreeBytes?: () => number;
}

/** One agent without its sockets: the engine and the link joined, in the order in which they start. */
export interface AgentCore {
  holder: LinkedIntentHolder;
  outbox: LinkedOutbox;
  seek: Seek;
  link: Link;
  localSources: LocalSources;
  components: Component[];
}

export async function composeAgent(given: AgentDependencies): Promise<AgentCore> {
  const { store, clock, random } = given;
  const tools = (room: string) => ({ clock, random, log: given.log.child({ room }) });
  const bootId = random.uuid();
  const holder = createIntentHolder({ store, ...tools('intent') });
  await holder.ensureIdentity(id<AgentId>(given.agentId), id<SiteId>(given.siteId));
  const outbox = createOutbox({ store, ...tools('report') });
  await rebirthIfDue({ store, holder, outbox });
  const seek = createSeek({
    store,
    holder,
    outbox,
    connectors: given.connectors,
    policy: createHealingPolicy({ clock, bootId }),
    siteId: given.siteId,
    agentId: given.agentId,
    bootId,
    ...tools('seek'),
    limits: given.limits,
  });
  const link = createLink({
    dial: given.dial,
    holder,
    outbox,
    store,
    ...tools('link'),
    controller: given.controller,
    version,
    diskFreeBytes: given.diskFreeBytes,
  });
  const core = { holder, outbox, seek, link };
  return { ...core, localSources: localSourcesOf(core, given), components: [seek, link] };
}

/** Joins what the node's own API shows. */
function localSourcesOf(
  core: Pick<AgentCore, 'holder' | 'outbox' | 'seek' | 'link'>,
  given: AgentDependencies,
): LocalSources {
  const { holder, outbox, seek, link } = core;
  const infras = () => seek.infras().map((infra) => ({ ...infra, healthy: infra.facts?.healthy ?? false }));
  return {
    status: () => {
      const head = holder.head();
      const phases = seek
        .units()
        .map((unit) => (unit.isReady ? 'ready' : unit.phase === 'failed' ? 'failed' : 'pending'));
      const count = (phase: string) => phases.filter((each) => each === phase).length;
      return {
        agentId: given.agentId,
        siteId: given.siteId,
        version,
        link: link.status(),
        intent: {
          lineage: head.lineage,
          generation: head.generation,
          objects: [...holder.objects()].length,
          tombstones: [...holder.tombstones()].length,
        },
        units: { ready: count('ready'), pending: count('pending'), failed: count('failed') },
        outbox: outbox.summary(),
        deletionsHeld: seek.heldDeletions().length,
        store: { opened: given.store.health.opened, damage: given.store.health.damage },
        infras: infras().map(({ infraId, name, kind, healthy, message }) => ({
          infraId,
          name,
          kind,
          healthy,
          message,
        })),
      };
    },
    units: () => seek.units(),
    journal: () => seek.journal(),
    outbox: () => outbox.summary(),
    infras,
    heldDeletions: () => seek.heldDeletions(),
    holdDeletions: () => seek.holdDeletions(),
    releaseDeletions: () => seek.releaseDeletions(),
    simulated: (infraId) => given.connectors.simulatedOrders(infraId),
  };
}
