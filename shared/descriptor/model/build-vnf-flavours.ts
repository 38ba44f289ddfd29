import type { JsonObject } from '../../model/json.ts';
import { idsOf, numberField, objectField, objectsField, present, textField, textsField } from '../document-fields.ts';
import type { ContainerVdu, IpProfile, ScalingAspect, VnfFlavour, VnfInstantiationLevel } from '../vnf-model.ts';
import { buildIpProfile } from './build-ip-profile.ts';
import { buildContainers } from './build-kdus.ts';

/** OSM's limit where a profile states none. */
const defaultMaximum = 10;

/** All `df` of a VNFD; one that states nothing where there is none. */
export function buildVnfFlavours(vnfd: JsonObject): VnfFlavour[] {
  const flavours = objectsField(vnfd, 'df');
  const isOnly = flavours.length <= 1;
  return (flavours.length === 0 ? [{ id: 'default-df' }] : flavours).map((flavour) =>
    buildFlavour(vnfd, flavour, isOnly),
  );
}

function buildFlavour(vnfd: JsonObject, flavour: JsonObject, isOnly: boolean): VnfFlavour {
  const vduIds = vdusOf(vnfd, flavour, isOnly);
  const levels = buildLevels(flavour, vduIds);
  const containers = buildContainers(vnfd);
  const isMachine = (vduId: string) => !containers.some((container) => container.vduId === vduId);
  return {
    id: textField(flavour, 'id') ?? 'default-df',
    description: textField(flavour, 'description') ?? '',
    vduProfiles: vduIds.filter(isMachine).map((vduId) => buildVduProfile(flavour, vduId, levels)),
    instantiationLevels: levels.map((level) => ({ ...level, vduCounts: pick(level.vduCounts, isMachine) })),
    defaultLevelId: textField(flavour, 'default-instantiation-level') ?? levels[0]?.id ?? 'default',
    scalingAspects: objectsField(flavour, 'scaling-aspect').map((aspect) => buildAspect(aspect, isMachine)),
    affinityGroups: buildAffinityGroups(flavour),
    linkProfiles: buildLinkProfiles(flavour),
    kduProfiles: [
      ...objectsField(flavour, 'kdu-resource-profile').map(buildKduProfile),
      ...containers.flatMap((container) => buildContainerProfile(flavour, container, levels)),
    ],
    healing: objectsField(flavour, 'healing-aspect').flatMap((aspect) =>
      objectsField(aspect, 'healing-policy').map(buildHealing),
    ),
    supportedOperations: textsField(flavour, 'supported-operation'),
  };
}

/** A flavour among several deploys the vdus that it names; a single flavour deploys all. */
function vdusOf(vnfd: JsonObject, flavour: JsonObject, isOnly: boolean): string[] {
  const all = [...idsOf(objectsField(vnfd, 'vdu'))];
  const named = idsOf(objectsField(flavour, 'vdu-profile'));
  for (const level of objectsField(flavour, 'instantiation-level')) {
    for (const vduId of idsOf(objectsField(level, 'vdu-level'), 'vdu-id')) named.add(vduId);
  }
  return isOnly || named.size === 0 ? all : all.filter((id) => named.has(id));
}

function profileOf(flavour: JsonObject, vduId: string): JsonObject | undefined {
  return objectsField(flavour, 'vdu-profile').find((profile) => textField(profile, 'id') === vduId);
}

function buildLevels(flavour: JsonObject, vduIds: string[]): VnfInstantiationLevel[] {
  const stated = objectsField(flavour, 'instantiation-level');
  const levels: JsonObject[] = stated.length === 0 ? [{ id: 'default' }] : stated;
  const aspects = idsOf(objectsField(flavour, 'scaling-aspect'));
  return levels.map((level) => {
    const vduLevels = objectsField(level, 'vdu-level');
    const infos = objectsField(level, 'scaling-info');
    const countOf = (vduId: string) => {
      const own = vduLevels.find((each) => textField(each, 'vdu-id') === vduId);
      const minimum = numberField(profileOf(flavour, vduId), 'min-number-of-instances');
      return (own === undefined ? minimum : numberField(own, 'number-of-instances')) ?? 1;
    };
    const scaleLevelOf = (aspectId: string) =>
      numberField(
        infos.find((each) => textField(each, 'scaling-aspect-id') === aspectId),
        'scale-level',
      ) ?? 0;
    return {
      id: textField(level, 'id') ?? 'default',
      vduCounts: Object.fromEntries(vduIds.map((vduId) => [vduId, countOf(vduId)])),
      scaleLevels: Object.fromEntries([...aspects].map((aspectId) => [aspectId, scaleLevelOf(aspectId)])),
    };
  });
}

function buildVduProfile(
  flavour: JsonObject,
  vduId: string,
  levels: VnfInstantiationLevel[],
): VnfFlavour['vduProfiles'][number] {
  const profile = profileOf(flavour, vduId);
  const counts = levels.map((level) => level.vduCounts[vduId] ?? 0);
  return {
    vduId,
    min: numberField(profile, 'min-number-of-instances') ?? Math.min(1, ...counts),
    max: numberField(profile, 'max-number-of-instances') ?? Math.max(defaultMaximum, ...counts),
    affinityGroupIds: affinityGroupIds(profile),
  };
}

export function affinityGroupIds(profile: JsonObject | undefined): string[] {
  const groups = objectsField(profile, 'affinity-or-anti-affinity-group');
  return [...new Set([...textsField(profile, 'affinity-or-anti-affinity-group-id'), ...idsOf(groups)])];
}

export function buildAffinityGroups(flavour: JsonObject): VnfFlavour['affinityGroups'] {
  return objectsField(flavour, 'affinity-or-anti-affinity-group').map((group) => {
    const type = textField(group, 'affinityorAntiaffinity') ?? textField(group, 'type');
    return {
      id: textField(group, 'id') ?? '',
      policy: type === 'affinity' ? 'affinity' : 'anti-affinity',
      scope: textField(group, 'scope') ?? 'nfvi-node',
    };
  });
}

function buildAspect(aspect: JsonObject, isMachine: (vduId: string) => boolean): ScalingAspect {
  const id = textField(aspect, 'id') ?? '';
  const details = objectField(aspect, 'aspect-delta-details');
  const deltas = objectsField(details, 'deltas');
  const order = textsField(details, 'step-deltas');
  const ordered = order.flatMap((name) => present(deltas.find((delta) => textField(delta, 'id') === name)));
  return {
    id,
    name: textField(aspect, 'name') ?? id,
    maxLevel: numberField(aspect, 'max-scale-level') ?? defaultMaximum,
    steps: (ordered.length > 0 ? ordered : deltas).map((delta) => {
      const vduDeltas = instancesById(objectsField(delta, 'vdu-delta'));
      return {
        vduDeltas: pick(vduDeltas, isMachine),
        kduDeltas: {
          ...instancesById(objectsField(delta, 'kdu-resource-delta')),
          ...pick(vduDeltas, (vduId) => !isMachine(vduId)),
        },
      };
    }),
  };
}

function pick(counts: Record<string, number>, isWanted: (vduId: string) => boolean): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([vduId]) => isWanted(vduId)));
}

/** A VDU of containers scales as the workload that it is; its profile has the VDU's id, as deltas name it. */
function buildContainerProfile(
  flavour: JsonObject,
  { vduId, kduName, workload }: ContainerVdu,
  levels: VnfInstantiationLevel[],
): VnfFlavour['kduProfiles'] {
  if (workload === undefined) return [];
  const { min, max } = buildVduProfile(flavour, vduId, levels);
  const level = levels.find((each) => each.id === textField(flavour, 'default-instantiation-level')) ?? levels[0];
  return [{ id: vduId, kduName, resourceName: workload.name, min, max, initial: level?.vduCounts[vduId] ?? min }];
}

function instancesById(entries: JsonObject[]): Record<string, number> {
  return Object.fromEntries(
    entries.map((entry) => [textField(entry, 'id') ?? '', numberField(entry, 'number-of-instances') ?? 1]),
  );
}

function buildLinkProfiles(flavour: JsonObject): Record<string, IpProfile> {
  const profiles: Record<string, IpProfile> = {};
  for (const profile of objectsField(flavour, 'virtual-link-profile')) {
    const id = textField(profile, 'id');
    const ipProfile = buildIpProfile(profile);
    if (id !== undefined && ipProfile !== undefined) profiles[id] ??= ipProfile;
  }
  return profiles;
}

function buildKduProfile(profile: JsonObject): VnfFlavour['kduProfiles'][number] {
  const minimum = numberField(profile, 'min-number-of-instances') ?? 1;
  return {
    id: textField(profile, 'id') ?? '',
    kduName: textField(profile, 'kdu-name') ?? '',
    resourceName: textField(profile, 'resource-name') ?? '',
    min: minimum,
    max: numberField(profile, 'max-number-of-instances') ?? Math.max(defaultMaximum, minimum),
  };
}

/** `cooldown-time` of a healing policy is in seconds (OSM IM, healing). */
function buildHealing(policy: JsonObject): VnfFlavour['healing'][number] {
  return {
    vduId: textField(policy, 'vdu-id') ?? '',
    automatic: (textField(policy, 'recovery-type') ?? 'automatic') === 'automatic',
    action: textField(policy, 'action-on-recovery') ?? 'REDEPLOY_ONLY',
    cooldownMs: (numberField(policy, 'cooldown-time') ?? 0) * 1000,
  };
}
