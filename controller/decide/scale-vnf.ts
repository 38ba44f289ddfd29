import type { ScalingAspect, VnfFlavour } from '#shared/descriptor/vnf-model.ts';
import { ok, type Result } from '#shared/errors/index.ts';
import type { NsDesired, VnfDesired } from '#shared/model/ns-lcm.ts';
import type { ScaleNsRequest } from '#shared/model/ns-lcm-requests.ts';
import { flavourOf, type NsModels, storedModelOf } from './models.ts';
import { countsAtLevel } from './new-vnf.ts';
import { type NewKey, resizeVnf } from './resize-vnf.ts';
import { unprocessable } from './unprocessable.ts';

type ScaleVnfData = NonNullable<ScaleNsRequest['scaleVnfData']>[number];

/** Sizes of one VNF while its levels are being moved. */
interface VnfSize {
  levelId: string;
  scaleLevels: Record<string, number>;
  vduCounts: Record<string, number>;
  /** KDU name → resource → replicas. */
  replicas: Record<string, Record<string, number>>;
}

/** SCALE_VNF (ETSI GS NFV-SOL 005 clause 6.5.3.37 ScaleVnfData): by step, to scale levels, to an instantiation level. */
export function scaleVnfs(
  desired: NsDesired,
  requests: readonly ScaleVnfData[],
  models: NsModels,
  newKey: NewKey,
): Result<NsDesired> {
  if (requests.length === 0) return unprocessable('scaleVnfData is empty', 'scaleVnfData');
  const vnfs = [...desired.vnfs];
  for (const [index, request] of requests.entries()) {
    const path = `scaleVnfData/${index}`;
    const at = vnfs.findIndex((vnf) => vnf.vnfInstanceId === request.vnfInstanceId);
    const vnf = vnfs[at];
    if (vnf === undefined)
      return unprocessable(`VNF instance ${request.vnfInstanceId} is not in this NS`, `${path}/vnfInstanceId`);
    const scaled = scaleVnf(vnf, request, models, { newKey, path });
    if (!scaled.ok) return scaled;
    vnfs[at] = scaled.value;
  }
  return ok({ ...desired, vnfs });
}

function scaleVnf(
  vnf: VnfDesired,
  request: ScaleVnfData,
  models: NsModels,
  use: { newKey: NewKey; path: string },
): Result<VnfDesired> {
  const flavour = flavourOf(models, vnf);
  const size = targetSize(vnf, flavour, request, use.path);
  if (!size.ok) return size;
  const refusal = outOfBounds(flavour, size.value);
  if (refusal !== undefined) return unprocessable(`${vnf.name}: ${refusal}`, use.path);
  const { levelId, scaleLevels, vduCounts, replicas } = size.value;
  const resized = resizeVnf(vnf, storedModelOf(models, vnf).model, vduCounts, use.newKey);
  const kdus = resized.kdus.map((kdu) => ({ ...kdu, replicas: replicas[kdu.kduName] ?? kdu.replicas }));
  return ok({ ...resized, kdus, levelId, scaleLevels });
}

function targetSize(vnf: VnfDesired, flavour: VnfFlavour, request: ScaleVnfData, path: string): Result<VnfSize> {
  const size = presentSize(vnf, flavour);
  switch (request.scaleVnfType) {
    case 'SCALE_OUT':
    case 'SCALE_IN': {
      const step = request.scaleByStepData;
      if (step === undefined) return unprocessable('scaleByStepData is missing', `${path}/scaleByStepData`);
      const steps = step.numberOfSteps ?? 1;
      return moveAspect(size, flavour, step.aspectId, {
        path: `${path}/scaleByStepData`,
        target: (level) => level + (request.scaleVnfType === 'SCALE_OUT' ? steps : -steps),
      });
    }
    case 'SCALE_TO_INSTANTIATION_LEVEL':
      return toInstantiationLevel(size, flavour, request.scaleToLevelData?.vnfInstantiationLevelId, path);
    case 'SCALE_TO_SCALE_LEVEL(S)':
      return toScaleLevels(size, flavour, request, path);
    default:
      return unprocessable(`scaleVnfType ${String(request.scaleVnfType)} is not known`, `${path}/scaleVnfType`);
  }
}

function presentSize(vnf: VnfDesired, flavour: VnfFlavour): VnfSize {
  const vduCounts = Object.fromEntries(
    flavour.vduProfiles.map((profile) => [
      profile.vduId,
      vnf.vnfcs.filter((vnfc) => vnfc.vduId === profile.vduId).length,
    ]),
  );
  const replicas = Object.fromEntries(vnf.kdus.map((kdu) => [kdu.kduName, { ...kdu.replicas }]));
  return { levelId: vnf.levelId, scaleLevels: { ...vnf.scaleLevels }, vduCounts, replicas };
}

function toInstantiationLevel(
  size: VnfSize,
  flavour: VnfFlavour,
  levelId: string | undefined,
  path: string,
): Result<VnfSize> {
  const level = flavour.instantiationLevels.find((candidate) => candidate.id === levelId);
  if (level === undefined) {
    const known = flavour.instantiationLevels.map((candidate) => candidate.id).join(', ');
    return unprocessable(
      `flavour ${flavour.id} has no instantiation level ${levelId}; it has ${known}`,
      `${path}/scaleToLevelData/vnfInstantiationLevelId`,
    );
  }
  const reset = Object.fromEntries(flavour.scalingAspects.map((aspect) => [aspect.id, 0]));
  return ok({
    ...size,
    levelId: level.id,
    scaleLevels: { ...reset, ...level.scaleLevels },
    vduCounts: countsAtLevel(flavour, level.vduCounts),
  });
}

function toScaleLevels(size: VnfSize, flavour: VnfFlavour, request: ScaleVnfData, path: string): Result<VnfSize> {
  const infos = request.scaleToLevelData?.vnfScaleInfo ?? [];
  if (infos.length === 0) return unprocessable('vnfScaleInfo is missing', `${path}/scaleToLevelData/vnfScaleInfo`);
  let moved: Result<VnfSize> = ok(size);
  for (const info of infos) {
    if (!moved.ok) return moved;
    moved = moveAspect(moved.value, flavour, info.aspectId, {
      path: `${path}/scaleToLevelData/vnfScaleInfo`,
      target: () => info.scaleLevel,
    });
  }
  return moved;
}

/** OSM's clients name an aspect by its name, ETSI's by its id. */
function moveAspect(
  size: VnfSize,
  flavour: VnfFlavour,
  aspectId: string,
  move: { path: string; target: (level: number) => number },
): Result<VnfSize> {
  const aspect =
    flavour.scalingAspects.find((candidate) => candidate.id === aspectId) ??
    flavour.scalingAspects.find((candidate) => candidate.name === aspectId);
  if (aspect === undefined) {
    const known = flavour.scalingAspects.map((candidate) => candidate.id).join(', ') || 'none';
    return unprocessable(
      `flavour ${flavour.id} has no scaling aspect ${aspectId}; it has ${known}`,
      `${move.path}/aspectId`,
    );
  }
  const present = size.scaleLevels[aspect.id] ?? 0;
  const target = move.target(present);
  if (!Number.isInteger(target) || target < 0 || target > aspect.maxLevel)
    return unprocessable(
      `aspect ${aspect.id} is at level ${present} of 0 … ${aspect.maxLevel}; ${target} is out of it`,
      move.path,
    );
  let moved = size;
  for (let level = present; level < target; level++) moved = applyStep(moved, flavour, aspect, { level, sign: 1 });
  for (let level = present; level > target; level--)
    moved = applyStep(moved, flavour, aspect, { level: level - 1, sign: -1 });
  return ok({ ...moved, scaleLevels: { ...moved.scaleLevels, [aspect.id]: target } });
}

/** Step n leads from level n to n + 1; the last delta repeats. */
function applyStep(
  size: VnfSize,
  flavour: VnfFlavour,
  aspect: ScalingAspect,
  step: { level: number; sign: 1 | -1 },
): VnfSize {
  const delta = aspect.steps[Math.min(step.level, aspect.steps.length - 1)];
  const vduCounts = { ...size.vduCounts };
  const replicas = structuredClone(size.replicas);
  for (const [vduId, count] of Object.entries(delta?.vduDeltas ?? {}))
    vduCounts[vduId] = (vduCounts[vduId] ?? 0) + step.sign * count;
  for (const [profileId, count] of Object.entries(delta?.kduDeltas ?? {})) {
    const profile = flavour.kduProfiles.find((candidate) => candidate.id === profileId);
    if (profile === undefined) continue;
    const ofKdu = replicas[profile.kduName] ?? {};
    replicas[profile.kduName] = ofKdu;
    ofKdu[profile.resourceName] =
      (ofKdu[profile.resourceName] ?? profile.initial ?? Math.max(1, profile.min)) + step.sign * count;
  }
  return { ...size, vduCounts, replicas };
}

function outOfBounds(flavour: VnfFlavour, size: VnfSize): string | undefined {
  for (const profile of flavour.vduProfiles) {
    const count = size.vduCounts[profile.vduId] ?? 0;
    if (count < profile.min || count > profile.max)
      return `VDU ${profile.vduId} would have ${count} instances; its profile allows ${profile.min} … ${profile.max}`;
  }
  for (const profile of flavour.kduProfiles) {
    const count = size.replicas[profile.kduName]?.[profile.resourceName];
    if (count !== undefined && (count < profile.min || count > profile.max))
      return `${profile.kduName}/${profile.resourceName} would have ${count} replicas; its profile allows ${profile.min} … ${profile.max}`;
  }
  return undefined;
}
