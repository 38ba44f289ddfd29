import { noResources } from '#shared/connector/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import { type AgentId, type InfraId, id, type ObjectKey } from '#shared/model/ids.ts';
import type { Agent, AgentStatus, Allocation, Infra, InfraStatus, Ledger } from '#shared/model/inventory.ts';
import type { JsonObject } from '#shared/model/json.ts';
import { canonicalJson } from '#shared/wire/canonical-json.ts';
import type { InfraObject } from '#shared/wire/frames.ts';
import { keys } from '../keys.ts';
import { claimName, orNameTaken, releaseName } from '../unique-name.ts';
import { mergeSettings, sealForAgent } from './infra-settings.ts';
import type { InfraPatch, InfraView } from './inventory.ts';
import type { InventoryContext } from './inventory-context.ts';

export interface InfraInput {
  name: string;
  agentId: AgentId;
  kind: string;
  settings?: JsonObject;
  labels?: Record<string, string>;
}

/** The infra, its empty ledger and its object in the agent's intent, in one commit. */
export async function createInfra({ store, book, clock, random }: InventoryContext, input: InfraInput): Promise<Infra> {
  const infraId = id<InfraId>(random.uuid());
  const agent = await store.get<Agent>(keys.agent(input.agentId));
  if (agent === undefined || agent.value.revoked)
    throw new SkerryError('NotFound', `There is no agent ${input.agentId}`, { remedy: 'Enrol one at the site first.' });
  const infra: Infra = {
    id: infraId,
    name: input.name,
    siteId: agent.value.siteId,
    agentId: agent.value.id,
    kind: input.kind,
    settings: await sealForAgent(agent.value, infraId, input.settings ?? {}),
    labels: input.labels ?? {},
    schedulable: true,
    createdAt: clock.now(),
  };
  const ledger: Ledger = { infraId: infra.id, reserved: noResources };
  const claim = claimName('infra', infra.name, infra.id);
  const object = { key: infraKey(infra.id), scope: '', body: infraBody(infra), dependsOn: [] };
  await orNameTaken('infra', infra.name, () =>
    book.commit({
      agents: [{ agentId: infra.agentId, upserts: [object], tombstones: [] }],
      changes: (generations) => [
        { key: keys.infra(infra.id), value: { ...infra, revision: generations.get(infra.agentId) } },
        { key: keys.ledger(infra.id), value: ledger },
        claim.change,
      ],
      expect: [claim.expect],
    }),
  );
  return infra;
}

/**
 * What the agent has to know (settings) becomes a new revision of its intent, in the same commit; labels and schedulable are the
 * controller's own. Settings and labels are merged (RFC 7396): null takes a member away.
 */
export async function updateInfra(
  { store, book }: InventoryContext,
  infraId: InfraId,
  patch: InfraPatch,
): Promise<Infra> {
  const entry = await store.get<Infra>(keys.infra(infraId));
  if (entry === undefined) throw notFound(infraId);
  const expect = [{ key: entry.key, revision: entry.revision }];
  const labels = mergeSettings(entry.value.labels, patch.labels ?? {}) as Record<string, string>;
  const infra: Infra = { ...entry.value, labels, schedulable: patch.schedulable ?? entry.value.schedulable };
  if (patch.settings === undefined) {
    await store.commit([{ key: entry.key, value: infra }], { expect });
    return infra;
  }
  const agent = await store.get<Agent>(keys.agent(infra.agentId));
  if (agent === undefined) throw notFound(infraId);
  const fresh = await sealForAgent(agent.value, infraId, patch.settings);
  infra.settings = await sealForAgent(agent.value, infraId, mergeSettings(infra.settings, fresh));
  const isSame = canonicalJson(infra.settings) === canonicalJson(entry.value.settings);
  const object = { key: infraKey(infra.id), scope: '', body: infraBody(infra), dependsOn: [] };
  await book.commit({
    agents: [{ agentId: infra.agentId, upserts: [object], tombstones: [] }],
    changes: (generations) => [
      { key: entry.key, value: isSame ? infra : { ...infra, revision: generations.get(infra.agentId) } },
    ],
    expect,
  });
  return infra;
}

export async function deleteInfra({ store, book }: InventoryContext, infraId: InfraId): Promise<void> {
  const entry = await store.get<Infra>(keys.infra(infraId));
  if (entry === undefined) throw notFound(infraId);
  const ledger = await store.get<Ledger>(keys.ledger(infraId));
  const [allocation] = await store.range<Allocation>({ prefix: keys.allocation(infraId, ''), limit: 1 });
  if (allocation !== undefined)
    throw new SkerryError(
      'Conflict',
      `Infra ${entry.value.name} still carries NS instance ${allocation.value.nsInstanceId}`,
      {
        details: { nsInstanceId: allocation.value.nsInstanceId },
        remedy: 'Terminate what runs there first.',
      },
    );
  const [profile] = await store.range({ prefix: keys.clusterProfile(infraId, ''), limit: 1 });
  if (profile !== undefined)
    throw new SkerryError('Conflict', `Profiles are attached to infra ${entry.value.name}`, {
      remedy: 'Deregister it with `skerry cluster deregister`, which removes nothing unless it is told to.',
    });
  const tombstone = { key: infraKey(infraId), scope: '', opId: `delete-infra-${infraId}` };
  await book.commit({
    agents: [{ agentId: entry.value.agentId, upserts: [], tombstones: [tombstone] }],
    changes: () => [
      { key: entry.key, value: undefined },
      { key: keys.ledger(infraId), value: undefined },
      { key: keys.infraStatus(infraId), value: undefined },
      releaseName('infra', entry.value.name),
    ],
    expect: [
      { key: entry.key, revision: entry.revision },
      { key: keys.ledger(infraId), revision: ledger?.revision ?? 0 },
    ],
  });
}

export async function listInfras(context: InventoryContext): Promise<InfraView[]> {
  const infras = await context.store.range<Infra>({ prefix: keys.infra('') });
  return await Promise.all(infras.map(({ value }) => viewInfra(context, value)));
}

/** @throws NotFound */
export async function findInfra(context: InventoryContext, idOrName: string): Promise<InfraView> {
  const byId = await context.store.get<Infra>(keys.infra(idOrName));
  if (byId !== undefined) return await viewInfra(context, byId.value);
  const infras = await context.store.range<Infra>({ prefix: keys.infra('') });
  const byName = infras.find(({ value }) => value.name === idOrName);
  if (byName !== undefined) return await viewInfra(context, byName.value);
  throw notFound(idOrName);
}

async function viewInfra({ store, clock }: InventoryContext, infra: Infra): Promise<InfraView> {
  const [status, ledger, agent] = await Promise.all([
    store.get<InfraStatus>(keys.infraStatus(infra.id)),
    store.get<Ledger>(keys.ledger(infra.id)),
    store.get<AgentStatus>(keys.agentStatus(infra.agentId)),
  ]);
  return {
    ...infra,
    status: status?.value ?? { id: infra.id, facts: null, message: 'not reported yet', reportedAt: 0 },
    ledger: ledger?.value ?? { infraId: infra.id, reserved: noResources },
    ageMs: status === undefined ? undefined : Math.max(0, clock.now() - status.value.reportedAt),
    connected: agent?.value.connected ?? false,
  };
}

export function infraKey(infraId: InfraId): ObjectKey {
  return id<ObjectKey>(`infra/${infraId}`);
}

function infraBody({ id: infraId, name, kind, settings }: Infra): InfraObject {
  return { type: 'infra', infraId, name, kind, settings };
}

function notFound(idOrName: string): SkerryError {
  return new SkerryError('NotFound', `There is no infra ${idOrName}`, {
    remedy: 'List them with `skerry infra list`.',
  });
}
