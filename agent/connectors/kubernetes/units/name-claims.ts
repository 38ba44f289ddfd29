import { SkerryError } from '#shared/errors/index.ts';
import { appliedFields } from '../objects/applied-fields.ts';
import { inParallel } from '../objects/in-parallel.ts';
import { type KubeObject, type ObjectRef, refKey, refOf, refText } from '../objects/kube-object.ts';
import type { ObjectWriter } from '../objects/object-writer.ts';
import { foreignObject, ownerLabel, unitLabel } from '../objects/own-labels.ts';
import { isBrought } from './brought-kinds.ts';
import type { OwnedWorld } from './owned-world.ts';
import type { UnitRecord } from './unit-record.ts';

export interface NameClaimsOptions {
  world: OwnedWorld;
  writer: ObjectWriter;
  owner: string;
}

const parallelLooks = 8;
/** Of one kind in one namespace: with more of others in it than this, names are looked at one by one. */
const maxOthers = 250;

/** Asks, before the first write under a name, whether it is free or ours: what belongs to somebody else is never written to. */
export class NameClaims {
  readonly #options: NameClaimsOptions;

  constructor(options: NameClaimsOptions) {
    this.#options = options;
  }

  /** @throws SkerryError PlatformRefused when one of them is somebody else's */
  async claim(record: UnitRecord, refs: readonly ObjectRef[], signal: AbortSignal): Promise<void> {
    const { world } = this.#options;
    const unknown = refs.filter((ref) => world.find(record.unitName, ref) === undefined);
    const rooms = Map.groupBy(unknown, ({ apiVersion, kind, namespace }) => `${apiVersion} ${kind} ${namespace ?? ''}`);
    await inParallel([...rooms.values()], parallelLooks, (room) => this.#claimRoom(record, room, signal));
  }

  /** A release of Helm's own, or of somebody else's, under that name is not taken over. */
  async claimRelease({ namespace, target: { releaseName } }: UnitRecord, signal: AbortSignal): Promise<void> {
    if (releaseName === undefined) return;
    const { writer, owner } = this.#options;
    const secrets = { apiVersion: 'v1', kind: 'Secret', namespace };
    const labelSelector = `owner=helm,name=${releaseName},${ownerLabel}!=${owner}`;
    const others = await writer.list(secrets, { labelSelector, limit: 1 }, signal);
    if (others === undefined || others.length > 0) throw foreignObject(`Helm release ${namespace}/${releaseName}`);
  }

  /** Names of one kind in one namespace: one list of what others have there answers for all of them. */
  async #claimRoom(record: UnitRecord, refs: readonly ObjectRef[], signal: AbortSignal): Promise<void> {
    const { world, writer, owner } = this.#options;
    const [first] = refs;
    if (first === undefined) return;
    const labelSelector = `${ownerLabel}!=${owner}`;
    const others = refs.length > 1 ? await writer.list(first, { labelSelector, limit: maxOthers }, signal) : undefined;
    if (others === undefined) {
      await inParallel(refs, parallelLooks, async (ref) => {
        const found = await writer.look(ref, signal);
        if (found !== undefined) this.#judge(record, ref, found.metadata.labels?.[unitLabel], found);
      });
      return;
    }
    // What is ours is known by watch.
    const byName = new Map(others.map((found) => [found.metadata.name, found]));
    for (const ref of refs) this.#judge(record, ref, world.holder(ref), byName.get(ref.name));
  }

  /** What stands under the name already must be of this very unit (an earlier incarnation of it included). */
  #judge(record: UnitRecord, ref: ObjectRef, holder: string | undefined, found: KubeObject | undefined): void {
    const { world, owner } = this.#options;
    const foundOwner = found?.metadata.labels?.[ownerLabel];
    if (found !== undefined && foundOwner !== owner) {
      if (foundOwner === undefined && isDisowned(record, ref, found)) return;
      refuseToHurry(record, ref);
      throw foreignObject(refText(ref));
    }
    if (holder === undefined || holder === record.unitName) return;
    const otherKey = world.view(holder)?.key;
    if (otherKey === undefined || otherKey === record.key) return;
    refuseToHurry(record, ref);
    throw new SkerryError('PlatformRefused', `${refText(ref)} belongs to another unit (${otherKey})`, {
      remedy: 'Give the release another name or namespace.',
    });
  }
}

/** Of a kind that several charts bring somebody was quicker: with the next step it is left to them. */
function refuseToHurry({ target }: UnitRecord, ref: ObjectRef): void {
  const object = target.objects.find((each) => refKey(refOf(each)) === refKey(ref));
  if (isBrought(object))
    throw new SkerryError('PlatformUnavailable', `${refText(ref)} was brought by somebody else just now`);
}

/** Ours all the same: somebody replaced it without our labels. What it still has of us, the server knows. */
function isDisowned({ target, former }: UnitRecord, ref: ObjectRef, found: KubeObject): boolean {
  const key = refKey(ref);
  const wasApplied = (target.fields[key] ?? former?.fields[key]) !== undefined;
  return wasApplied && appliedFields(found) !== '';
}
