import type { NsFlavour } from '#shared/descriptor/ns-model.ts';
import { ok, type Result } from '#shared/errors/index.ts';
import type { NsDesired } from '#shared/model/ns-lcm.ts';
import type { ScaleNsRequest } from '#shared/model/ns-lcm-requests.ts';
import { countsAtNsLevel, type NewNames, vnfName } from './instantiate-ns.ts';
import type { NsModels } from './models.ts';
import { newVnf, type UnplacedVnf } from './new-vnf.ts';
import { unprocessable } from './unprocessable.ts';

type ScaleNsData = NonNullable<ScaleNsRequest['scaleNsData']>;

/** The NS after a scale: what stays is placed already. */
export interface ScaledNs {
  kept: NsDesired;
  added: UnplacedVnf[];
}

/** SCALE_NS (ETSI GS NFV-SOL 005 clause 6.5.3.33 ScaleNsData): whole VNF instances come and go. The newest go first. */
export function scaleNs(
  desired: NsDesired,
  request: ScaleNsData,
  nsName: string,
  use: { models: NsModels; names: NewNames },
): Result<ScaledNs> {
  const flavour = use.models.ns.flavours.find((candidate) => candidate.id === desired.flavourId);
  if (flavour === undefined) return unprocessable(`flavour ${desired.flavourId} is not in the NSD`, 'scaleNsData');
  const target = targetCounts(desired, flavour, request);
  if (!target.ok) return target;
  const { counts, scaleLevels, levelId } = target.value;
  const removed = new Set<string>();
  const added: UnplacedVnf[] = [];
  for (const profile of flavour.vnfProfiles) {
    const wanted = counts[profile.id];
    if (wanted === undefined) continue;
    if (wanted < profile.min || wanted > profile.max)
      return unprocessable(
        `${profile.id} would have ${wanted} instances; its profile allows ${profile.min} … ${profile.max}`,
        'scaleNsData',
      );
    const present = desired.vnfs.filter((vnf) => vnf.profileId === profile.id);
    for (const vnf of present.slice(wanted)) removed.add(vnf.vnfInstanceId);
    const taken = new Set(present.map((vnf) => vnf.name));
    const params = present[0]?.params ?? {};
    for (let count = present.length; count < wanted; count++) {
      const name = freeName(`${nsName}-${profile.id}`, taken);
      const wish = { vnfInstanceId: use.names.newVnfInstanceId(), name, profile, params };
      const vnf = newVnf(wish, use.models, use.names.newKey);
      if (!vnf.ok) return vnf;
      added.push(vnf.value);
    }
  }
  const vnfs = desired.vnfs.filter((vnf) => !removed.has(vnf.vnfInstanceId));
  return ok({ kept: { ...desired, levelId, scaleLevels, vnfs }, added });
}

function freeName(base: string, taken: Set<string>): string {
  let ordinal = 0;
  while (taken.has(vnfName(base, ordinal))) ordinal++;
  const name = vnfName(base, ordinal);
  taken.add(name);
  return name;
}

interface TargetCounts {
  counts: Record<string, number>;
  scaleLevels: Record<string, number>;
  levelId?: string;
}

function targetCounts(desired: NsDesired, flavour: NsFlavour, request: ScaleNsData): Result<TargetCounts> {
  const start: TargetCounts = { counts: {}, scaleLevels: { ...desired.scaleLevels }, levelId: desired.levelId };
  const byStep = request.scaleNsByStepsData;
  if (byStep !== undefined) {
    const steps = (byStep.numberOfSteps ?? 1) * (byStep.scalingDirection === 'SCALE_IN' ? -1 : 1);
    const present = desired.scaleLevels[byStep.aspectId] ?? 0;
    return toAspectLevel(start, flavour, byStep.aspectId, present + steps);
  }
  const toLevel = request.scaleNsToLevelData;
  if (toLevel?.nsInstantiationLevel !== undefined) {
    const level = countsAtNsLevel(flavour, toLevel.nsInstantiationLevel);
    return level.ok ? ok({ ...start, counts: level.value.vnfCounts, levelId: level.value.levelId }) : level;
  }
  if (toLevel?.nsScaleInfo === undefined || toLevel.nsScaleInfo.length === 0)
    return unprocessable('neither scaleNsByStepsData nor a level is given', 'scaleNsData');
  let moved: Result<TargetCounts> = ok(start);
  for (const info of toLevel.nsScaleInfo) {
    if (!moved.ok) return moved;
    moved = toAspectLevel(moved.value, flavour, info.nsScalingAspectId, Number(info.nsScaleLevelId));
  }
  return moved;
}

function toAspectLevel(from: TargetCounts, flavour: NsFlavour, aspectId: string, level: number): Result<TargetCounts> {
  const aspect = flavour.scalingAspects.find((candidate) => candidate.id === aspectId || candidate.name === aspectId);
  if (aspect === undefined) {
    const known = flavour.scalingAspects.map((candidate) => candidate.id).join(', ') || 'none';
    return unprocessable(`flavour ${flavour.id} has no NS scaling aspect ${aspectId}; it has ${known}`, 'scaleNsData');
  }
  const step = aspect.levels[level];
  if (!Number.isInteger(level) || level < 0 || level > aspect.maxLevel || step === undefined)
    return unprocessable(
      `aspect ${aspect.id} has levels 0 … ${Math.min(aspect.maxLevel, aspect.levels.length - 1)}; ${level} is out of it`,
      'scaleNsData',
    );
  return ok({
    ...from,
    counts: { ...from.counts, ...step.vnfCounts },
    scaleLevels: { ...from.scaleLevels, [aspect.id]: level },
  });
}
