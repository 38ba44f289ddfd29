import { digestOf } from '#shared/wire/digest.ts';
import type { IntentObject, SnapshotBegin, SnapshotEnd, SnapshotPart, Tombstone } from '#shared/wire/frames.ts';
import type { Refusal } from './accept-delta.ts';

const maxParts = 4096;

/** A whole document that came in parts. */
export interface StagedSnapshot {
  begin: SnapshotBegin;
  objects: IntentObject[];
  tombstones: Tombstone[];
}

/** Collects the parts of one snapshot, under one (store, lineage, generation, root); a new begin drops what was there. */
export class SnapshotStage {
  #begin: SnapshotBegin | undefined;
  #parts = new Map<number, SnapshotPart>();

  begin(frame: SnapshotBegin): Refusal | undefined {
    this.#parts = new Map();
    this.#begin = frame.parts <= maxParts ? frame : undefined;
    return this.#begin === undefined ? 'parts' : undefined;
  }

  add(frame: SnapshotPart): Refusal | undefined {
    const begin = this.#begin;
    if (begin === undefined || begin.generation !== frame.generation || begin.lineage !== frame.lineage) return 'parts';
    if (frame.part < 0 || frame.part >= begin.parts) return 'parts';
    if (digestOf({ objects: frame.objects, tombstones: frame.tombstones }) !== frame.digest) return 'digest';
    this.#parts.set(frame.part, frame);
    return undefined;
  }

  /** The whole, if every part is there. Empties the stage. */
  end(frame: SnapshotEnd): StagedSnapshot | undefined {
    const begin = this.#begin;
    const parts = this.#parts;
    this.#begin = undefined;
    this.#parts = new Map();
    if (begin === undefined || begin.generation !== frame.generation || parts.size !== begin.parts) return undefined;
    const ordered = [...parts.values()].sort((a, b) => a.part - b.part);
    return {
      begin,
      objects: ordered.flatMap((part) => part.objects),
      tombstones: ordered.flatMap((part) => part.tombstones),
    };
  }
}
