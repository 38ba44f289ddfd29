import { SkerryError } from '#shared/errors/index.ts';
import { wireLimits } from '#shared/wire/codec.ts';
import { objectDigest } from '#shared/wire/digest.ts';
import type { IntentObject, Tombstone } from '#shared/wire/frames.ts';
import { type AgentDocument, historyAfter, type StoredTombstone } from './agent-document.ts';
import type { AgentIntentChange, IntentHead, NewIntentObject } from './intent-book.ts';

/** The next generation of one agent's document. */
export interface PlannedChange {
  head: IntentHead;
  upserts: IntentObject[];
  tombstones: Tombstone[];
}

/**
 * Pure but for the document's tree, which is left as it was. undefined: nothing changes.
 * @throws SkerryError Conflict when a key is used again after its tombstone; TooLarge when no frame can hold an object.
 */
export function planChange(document: AgentDocument, change: AgentIntentChange): PlannedChange | undefined {
  const generation = document.head.generation + 1;
  const upserts: IntentObject[] = [];
  for (const wanted of change.upserts) {
    if (document.tombstones.has(wanted.key))
      throw new SkerryError('Conflict', `The intent key ${wanted.key} was deleted and cannot be used again`, {
        details: { agentId: change.agentId, key: wanted.key },
        remedy: 'give the new object a key of its own',
      });
    const digest = objectDigest(wanted);
    if (document.objects.get(wanted.key)?.digest === digest) continue;
    requireFrameable(wanted);
    upserts.push({ ...wanted, revision: generation, digest });
  }
  const tombstones = change.tombstones
    .filter(({ key, keep }) => document.objects.has(key) || (keep && isRemoving(document.tombstones.get(key))))
    .map((wanted) => ({ ...wanted, revision: generation }));
  if (upserts.length === 0 && tombstones.length === 0) return undefined;
  return {
    head: {
      lineage: document.head.lineage,
      generation,
      history: historyAfter(document.head.history, upserts, tombstones),
      root: rootWith(document, upserts, tombstones),
    },
    upserts,
    tombstones,
  };
}

/** A deletion that takes something away, and of which the agent has not said that it is done. */
export function isRemoving(tombstone: StoredTombstone | undefined): boolean {
  return tombstone !== undefined && tombstone.removedAt === undefined && tombstone.keep !== true;
}

/** What no frame may hold would be refused by the agent for ever. */
function requireFrameable({ key, body }: NewIntentObject): void {
  const bytes = Buffer.byteLength(JSON.stringify(body));
  if (bytes > wireLimits.objectBytes)
    throw new SkerryError(
      'TooLarge',
      `The intent object ${key} has ${bytes} bytes; an agent takes ${wireLimits.objectBytes}`,
      {
        remedy: 'make its user data, values or manifests smaller',
      },
    );
}

/** The tree is shared and large: change it, read the root, change it back. */
function rootWith(document: AgentDocument, upserts: readonly IntentObject[], tombstones: readonly Tombstone[]): string {
  const { tree, objects } = document;
  for (const { key, revision, digest } of upserts) tree.set(key, revision, digest);
  for (const { key } of tombstones) tree.delete(key);
  const root = tree.root();
  for (const { key } of [...upserts, ...tombstones]) {
    const present = objects.get(key);
    if (present === undefined) tree.delete(key);
    else tree.set(key, present.revision, present.digest);
  }
  return root;
}

/** Makes the document what was committed. */
export function applyChange(document: AgentDocument, planned: PlannedChange, revision: number): void {
  for (const object of planned.upserts) {
    document.objects.set(object.key, object);
    document.tree.set(object.key, object.revision, object.digest);
  }
  for (const tombstone of planned.tombstones) {
    document.objects.delete(tombstone.key);
    document.tombstones.set(tombstone.key, tombstone);
    document.tree.delete(tombstone.key);
  }
  document.head = planned.head;
  document.revision = revision;
  document.log.set(planned.head.generation, { history: planned.head.history, root: planned.head.root });
}
