import type { AgentId, InfraId, SiteId } from '#shared/model/ids.ts';
import type { AgentView, Infra, InfraStatus, Ledger, Site } from '#shared/model/inventory.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { RequestContext } from '../context.ts';

/** Sites, agents, infras and their capacity, as the controller knows them. Every status has an age. */
export interface Inventory {
  createSite(
    context: RequestContext,
    input: { name: string; description?: string; labels?: Record<string, string> },
  ): Promise<Site>;
  updateSite(
    context: RequestContext,
    id: SiteId,
    patch: { description?: string; labels?: Record<string, string> },
  ): Promise<Site>;
  /** @throws Conflict while it has agents that are not revoked. */
  deleteSite(context: RequestContext, id: SiteId): Promise<void>;
  sites(): Promise<Site[]>;
  /** By id or name. @throws NotFound */
  site(idOrName: string): Promise<Site>;

  agents(): Promise<AgentView[]>;
  agent(idOrName: string): Promise<AgentView>;

  /**
   * Adds the infra and its object in the agent's intent in one commit; secrets of its settings are sealed to the agent before.
   * @throws NotFound, Conflict (a name that is taken, a key that is not known yet)
   */
  createInfra(
    context: RequestContext,
    input: { name: string; agentId: AgentId; kind: string; settings?: JsonObject; labels?: Record<string, string> },
  ): Promise<Infra>;
  /** Changed settings make the agent open the infra anew. @throws NotFound, Conflict when they cannot be sealed to the agent */
  updateInfra(context: RequestContext, id: InfraId, patch: InfraPatch): Promise<Infra>;
  /** @throws Conflict while something is allocated on it. */
  deleteInfra(context: RequestContext, id: InfraId): Promise<void>;
  infras(): Promise<InfraView[]>;
  infra(idOrName: string): Promise<InfraView>;
}

/** Absent members stay as they are. */
export interface InfraPatch {
  settings?: JsonObject;
  /** null takes a label away. */
  labels?: Record<string, string | null>;
  schedulable?: boolean;
}

export interface InfraView extends Infra {
  status: InfraStatus;
  ledger: Ledger;
  /** Milliseconds since the newest facts; undefined when there are none. */
  ageMs: number | undefined;
  connected: boolean;
}
