import type { IntentHeadRecord, IntentHolder } from '#agent/intent/intent-holder.ts';
import { type AgentStore, agentKeys, type Transaction } from '#agent/store/index.ts';
import { type InfraId, id, type ObjectKey } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import { objectDigest } from '#shared/wire/digest.ts';
import type { IntentObject, OperationObject, Tombstone, UnitObject } from '#shared/wire/frames.ts';

export type NewObject = Omit<IntentObject, 'revision' | 'digest'>;

/** An intent document that a test writes itself, over the agent's real store; survives a restart of the agent as the real one does. */
export class ScriptedIntent implements IntentHolder {
  readonly #store: AgentStore;
  readonly #listeners = new Set<(keys: readonly string[] | undefined) => void>();

  constructor(store: AgentStore) {
    this.#store = store;
  }

  /** One more generation. */
  async commit(upserts: NewObject[], tombstones: Omit<Tombstone, 'revision'>[] = []): Promise<number> {
    const generation = this.head().generation + 1;
    await this.#store.transact((tx) => {
      tx.put(agentKeys.intentHead, { ...this.head(), generation });
      for (const object of upserts)
        tx.put(agentKeys.intent(object.key), { ...object, revision: generation, digest: objectDigest(object) });
      for (const tombstone of tombstones) {
        tx.delete(agentKeys.intent(tombstone.key));
        tx.put(agentKeys.tombstone(tombstone.key), { ...tombstone, revision: generation });
      }
    });
    const keys = [...upserts, ...tombstones].map((object) => object.key);
    for (const listener of this.#listeners) listener(keys);
    return generation;
  }

  head(): IntentHeadRecord {
    const none = { lineage: 'line-1', term: 1, generation: 0, history: '', root: '' };
    return this.#store.get<IntentHeadRecord>(agentKeys.intentHead) ?? none;
  }

  object(key: string): IntentObject | undefined {
    return this.#store.get<IntentObject>(agentKeys.intent(key));
  }

  *objects(): Iterable<IntentObject> {
    for (const [, object] of this.#store.range<IntentObject>(agentKeys.intentPrefix)) yield object;
  }

  *tombstones(): Iterable<Tombstone> {
    for (const [, tombstone] of this.#store.range<Tombstone>(agentKeys.tombstonePrefix)) yield tombstone;
  }

  bury(tx: Transaction, removed: readonly { key: string; revision: number }[]): void {
    for (const { key, revision } of removed) {
      tx.delete(agentKeys.tombstone(key));
      tx.put(agentKeys.grave(key), { revision });
    }
  }

  onChange(listener: (keys: readonly string[] | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

export const infraId = id<InfraId>('infra-1');
export const key = (text: string): ObjectKey => id<ObjectKey>(text);

export function infraObject(settings: JsonObject = {}, ownId = infraId): NewObject {
  return {
    key: key(`infra/${ownId}`),
    scope: '',
    dependsOn: [],
    body: { type: 'infra', infraId: ownId, name: 'lab', kind: 'simulated', settings },
  };
}

export function networkObject(name: string, scope = 'ns-1', spec: JsonObject = {}): NewObject {
  return unitObject({ key: `network/${name}`, scope, kind: 'network', spec: { name, management: false, ...spec } });
}

export function computeObject(
  name: string,
  networks: string[] = [],
  change: JsonObject = {},
  scope = 'ns-1',
): NewObject {
  const ports = networks.map((network, index) => ({
    name: `port-${index}`,
    networkKey: `network/${network}`,
    management: false,
    vnicType: 'NORMAL',
    portSecurity: true,
  }));
  const size = { vcpus: 1, memoryMib: 512, rootDiskGib: 5 };
  const image = { name: 'ubuntu', alternatives: [] };
  const rest = { extra: {}, ports, volumes: [], configDrive: false, affinityGroupKeys: [] };
  const dependsOn = networks.map((network) => key(`network/${network}`));
  return unitObject({
    key: `compute/${name}`,
    scope,
    kind: 'compute',
    dependsOn,
    spec: { name, image, ...size, ...rest, ...change },
  });
}

export function unitObject(
  unit: { key: string; scope: string; dependsOn?: ObjectKey[] } & Pick<UnitObject, 'kind' | 'spec'> &
    Partial<UnitObject>,
): NewObject {
  const { key: unitKey, scope, dependsOn = [], ...body } = unit;
  return {
    key: key(unitKey),
    scope,
    dependsOn,
    body: {
      type: 'unit',
      infraId,
      delegated: [],
      autonomy: { onLeaseExpiry: 'keep', exclusive: false },
      deletePolicy: 'remove',
      secretRefs: [],
      healing: { enabled: true, cooldownMs: 1000 },
      ...body,
    },
  };
}

export function operationObject(
  operation: Pick<OperationObject, 'opId' | 'verb' | 'target'> & Partial<OperationObject>,
  scope = 'ns-1',
): NewObject {
  const body: OperationObject = {
    type: 'operation',
    precondition: {},
    args: {},
    notAfter: 0,
    cancelled: false,
    ...operation,
  };
  return { key: key(`operation/${operation.opId}`), scope, dependsOn: [], body };
}
