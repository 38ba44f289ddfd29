import { SkerryError } from '#shared/errors/index.ts';
import { judgeReadiness } from '../objects/judge-readiness.ts';
import { type KubeObject, refKey, refOf, refText } from '../objects/kube-object.ts';
import type { ObjectWriter } from '../objects/object-writer.ts';
import { unitLabel } from '../objects/own-labels.ts';
import type { OwnedWorld } from './owned-world.ts';
import type { RecordKeeper } from './record-keeper.ts';
import type { UnitRecord } from './unit-record.ts';

export interface BroughtKindsParts {
  world: OwnedWorld;
  writer: ObjectWriter;
  records: RecordKeeper;
  forgetKinds: () => void;
}

const broughtAnnotation = 'skerry.io/brought-kind';

export function isBrought(object: KubeObject | undefined): boolean {
  return object?.metadata.annotations?.[broughtAnnotation] !== undefined;
}

/**
 * Kinds from a chart's `crds/`: whoever comes first makes them, and they stay. Charts that bring the same kind may come at once,
 * from this agent or from others: who finds that a kind is somebody else's by now leaves it to them.
 */
export class BroughtKinds {
  readonly #parts: BroughtKindsParts;

  constructor(parts: BroughtKindsParts) {
    this.#parts = parts;
  }

  /** Those that nobody has brought yet, marked. @throws SkerryError PlatformUnavailable while one of the others does not work yet */
  async missing(definitions: readonly KubeObject[], unitName: string, signal: AbortSignal): Promise<KubeObject[]> {
    const missing: KubeObject[] = [];
    for (const definition of definitions) {
      if (await this.#isTaken(definition, unitName, signal)) continue;
      const marks = { 'helm.sh/resource-policy': 'keep', [broughtAnnotation]: 'true' };
      const annotations = { ...definition.metadata.annotations, ...marks };
      missing.push({ ...definition, metadata: { ...definition.metadata, annotations } });
    }
    return missing;
  }

  /** The record without kinds that were taken since it was written. @throws as `missing` */
  async leaveTaken(record: UnitRecord, signal: AbortSignal): Promise<UnitRecord> {
    const { world, records, forgetKinds } = this.#parts;
    const taken = new Set<string>();
    for (const object of record.target.objects) {
      if (!isBrought(object) || world.find(record.unitName, refOf(object)) !== undefined) continue;
      if (await this.#isTaken(object, record.unitName, signal)) taken.add(refKey(refOf(object)));
    }
    if (taken.size === 0) return record;
    const objects = record.target.objects.filter((object) => !taken.has(refKey(refOf(object))));
    const left: UnitRecord = { ...record, target: { ...record.target, objects } };
    await records.write(left, signal);
    forgetKinds();
    return left;
  }

  async #isTaken(definition: KubeObject, unitName: string, signal: AbortSignal): Promise<boolean> {
    const found = await this.#parts.writer.read(refOf(definition), signal);
    if (found === undefined || found.metadata.labels?.[unitLabel] === unitName) return false;
    const { state } = judgeReadiness({ ...found, apiVersion: definition.apiVersion, kind: definition.kind });
    if (state === 'ready') return true;
    throw new SkerryError('PlatformUnavailable', `${refText(refOf(definition))}, which is not ours, is not ready yet`);
  }
}
