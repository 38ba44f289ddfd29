import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import { helmSecret } from '../helm/release-secret.ts';
import type { ObjectWriter } from '../objects/object-writer.ts';
import { isHelmSecret } from './observe-unit.ts';
import type { OwnedWorld } from './owned-world.ts';
import type { UnitNamespaces } from './unit-namespaces.ts';
import { packRecord, type Release, type ReleaseNote, type UnitRecord } from './unit-record.ts';

export interface RecordKeeperParts {
  owner: string;
  world: OwnedWorld;
  writer: ObjectWriter;
  namespaces: UnitNamespaces;
}

/** Writes what the cluster remembers of a unit: our record, and Helm's for Helm's own tools. */
export class RecordKeeper {
  readonly #parts: RecordKeeperParts;

  constructor(parts: RecordKeeperParts) {
    this.#parts = parts;
  }

  async write(record: UnitRecord, signal: AbortSignal): Promise<void> {
    const { writer, world, owner } = this.#parts;
    try {
      world.put((await writer.apply(packRecord(record, owner), signal)).object);
    } catch (error) {
      throw this.lost(record.namespace, error);
    }
  }

  /** A namespace that was removed since it was looked at is made anew by the next try. */
  lost(namespace: string, error: unknown): unknown {
    if (!isSkerryError(error) || error.code !== 'NotFound') return error;
    this.#parts.namespaces.forget(namespace);
    return new SkerryError('PlatformUnavailable', `Namespace ${namespace} has gone`, { cause: error });
  }

  /** A release works: Helm hears of it, and that the one before it was replaced; what fell out of the history goes. */
  async noteDone(before: UnitRecord, done: UnitRecord, signal: AbortSignal): Promise<void> {
    const [note] = done.history;
    if (note === undefined || done.target.releaseName === undefined) return;
    await this.#note(done, done.target, { note, signal });
    const replaced = done.history.find((entry) => entry.status === 'superseded');
    const wasDeployed = before.history.find((entry) => entry.no === replaced?.no)?.status === 'deployed';
    if (replaced !== undefined && wasDeployed) {
      const former = before.former ?? done.target;
      await this.#note(done, { ...former, no: replaced.no }, { note: replaced, signal });
    }
    await this.#dropOld(done, signal);
  }

  async noteFailed(record: UnitRecord, note: ReleaseNote, signal: AbortSignal): Promise<void> {
    await this.#note(record, record.target, { note, signal });
  }

  async #note(
    record: UnitRecord,
    release: Release,
    { note, signal }: { note: ReleaseNote; signal: AbortSignal },
  ): Promise<void> {
    const { owner, writer, world } = this.#parts;
    const secret = helmSecret(record, release, note, owner);
    if (secret !== undefined) world.put((await writer.apply(secret, signal)).object);
  }

  async #dropOld(done: UnitRecord, signal: AbortSignal): Promise<void> {
    const { writer, world } = this.#parts;
    const oldest = done.history.at(-1)?.no ?? 1;
    for (const { ref, uid } of world.ofUnit(done.unitName)) {
      const isOld = isHelmSecret(ref) && Number(/\.v(\d+)$/.exec(ref.name)?.[1]) < oldest;
      if (isOld) world.removed(ref, await writer.remove(ref, uid, signal));
    }
  }
}
