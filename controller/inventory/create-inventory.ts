import type { InfraId } from '#shared/model/ids.ts';
import type { Site } from '#shared/model/inventory.ts';
import type { Component } from '#shared/runtime/index.ts';
import { keys } from '../keys.ts';
import {
  findAgent,
  forgetConnections,
  listAgents,
  noteConnection,
  noteLinkAlarm,
  noteStateConfirmed,
} from './agents.ts';
import { applyReport } from './apply-report.ts';
import { applyState } from './apply-state.ts';
import { ChangeSet } from './change-set.ts';
import { createInfra, deleteInfra, findInfra, listInfras, updateInfra } from './infras.ts';
import type { Inventory } from './inventory.ts';
import type { InventoryContext, InventoryDependencies } from './inventory-context.ts';
import type { ReportSink } from './report-sink.ts';
import { createSite, deleteSite, findSite, updateSite } from './sites.ts';

export interface InventoryRoom extends Component {
  inventory: Inventory;
  sink: ReportSink;
  /** Takes an infra and its object away. @throws NotFound, Conflict while something stands on it */
  removeInfra(infraId: InfraId): Promise<void>;
}

/** Sites, agents, infras; and what agents report, turned into documents. Start it before agents can connect. */
export function createInventory(dependencies: InventoryDependencies): InventoryRoom {
  const context: InventoryContext = { ...dependencies, acked: new Map() };
  return {
    inventory: inventoryOf(context),
    sink: sinkOf(context),
    removeInfra: (infraId) => deleteInfra(context, infraId),
    start: () => forgetConnections(context),
    stop: async () => undefined,
  };
}

function inventoryOf(context: InventoryContext): Inventory {
  const { store } = context;
  return {
    createSite: (_request, input) => createSite(context, input),
    updateSite: (_request, siteId, patch) => updateSite(context, siteId, patch),
    deleteSite: (_request, siteId) => deleteSite(context, siteId),
    sites: async () => (await store.range<Site>({ prefix: keys.site('') })).map((entry) => entry.value),
    site: (idOrName) => findSite(store, idOrName),
    agents: () => listAgents(context),
    agent: (idOrName) => findAgent(context, idOrName),
    createInfra: (_request, input) => createInfra(context, input),
    updateInfra: (_request, infraId, patch) => updateInfra(context, infraId, patch),
    deleteInfra: (_request, infraId) => deleteInfra(context, infraId),
    infras: () => listInfras(context),
    infra: (idOrName) => findInfra(context, idOrName),
  };
}

function sinkOf(context: InventoryContext): ReportSink {
  return {
    async apply(agentId, storeId, reports, states) {
      const set = new ChangeSet(context.store);
      for (const report of reports) await applyReport(context, set, { agentId, storeId }, report);
      for (const state of states) await applyState(context, set, { agentId, storeId }, state);
      return set.changes();
    },
    committed(_agentId, reports) {
      const scopes = new Set<string>();
      for (const { body } of reports) {
        if (body.type === 'reached' || body.type === 'unit-failed' || body.type === 'operation-result')
          scopes.add(body.scope);
      }
      for (const scope of scopes) {
        if (scope !== '') context.wake(scope);
      }
    },
    connection: (agentId, connected, isStateConfirmed) => noteConnection(context, agentId, connected, isStateConfirmed),
    stateConfirmed: (agentId) => noteStateConfirmed(context, agentId),
    alarm: (agentId, alarm, raised, message) => noteLinkAlarm(context, { agentId, alarm, raised, message }),
    acked: (agentId, generation) => {
      context.acked.set(agentId, Math.max(generation, context.acked.get(agentId) ?? 0));
    },
  };
}
