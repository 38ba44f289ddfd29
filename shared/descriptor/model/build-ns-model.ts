import type { JsonObject } from '../../model/json.ts';
import { flagField, numberField, objectField, objectsField, textField, textsField } from '../document-fields.ts';
import type { NsFlavour, NsModel, NsScalingAspect, NsVirtualLink, VnfProfile } from '../ns-model.ts';
import { buildIpProfile } from './build-ip-profile.ts';
import { affinityGroupIds, buildAffinityGroups } from './build-vnf-flavours.ts';

/** Normalises a checked NSD document; must not be called for one with errors. */
export function buildNsModel(nsd: JsonObject): NsModel {
  const flavours = objectsField(nsd, 'df');
  const model: NsModel = {
    nsdId: textField(nsd, 'id') ?? '',
    name: textField(nsd, 'name') ?? textField(nsd, 'id') ?? '',
    designer: textField(nsd, 'designer') ?? '',
    version: textField(nsd, 'version') ?? '',
    description: textField(nsd, 'description') ?? '',
    vnfdIds: vnfdIds(nsd),
    nestedNsdIds: textsField(nsd, 'nested-nsd-id'),
    pnfdIds: textsField(nsd, 'pnfd-id'),
    virtualLinks: objectsField(nsd, 'virtual-link-desc').map((link) => buildLink(nsd, link)),
    saps: objectsField(nsd, 'sapd').map((sapd) => {
      const virtualLinkId = textField(sapd, 'virtual-link-desc');
      return { id: textField(sapd, 'id') ?? '', ...(virtualLinkId === undefined ? {} : { virtualLinkId }) };
    }),
    flavours: (flavours.length === 0 ? [{ id: 'default-df' }] : flavours).map(buildFlavour),
  };
  const invariantId = textField(nsd, 'invariant-id') ?? textField(nsd, 'ext-invariant-id');
  if (invariantId !== undefined) model.invariantId = invariantId;
  return model;
}

/** Listed and used: the list is often incomplete. */
function vnfdIds(nsd: JsonObject): string[] {
  const used = objectsField(nsd, 'df').flatMap((flavour) =>
    objectsField(flavour, 'vnf-profile').flatMap((profile) => textField(profile, 'vnfd-id') ?? []),
  );
  return [...new Set([...textsField(nsd, 'vnfd-id'), ...used])];
}

function buildLink(nsd: JsonObject, link: JsonObject): NsVirtualLink {
  const id = textField(link, 'id') ?? '';
  const profiles = objectsField(nsd, 'df')
    .flatMap((flavour) => objectsField(flavour, 'virtual-link-profile'))
    .filter((profile) => (textField(profile, 'virtual-link-desc-id') ?? textField(profile, 'id')) === id);
  const model: NsVirtualLink = { id, management: flagField(link, 'mgmt-network') ?? false };
  const vimNetworkName = textField(link, 'vim-network-name') ?? textField(link, 'vim-network-id');
  if (vimNetworkName !== undefined) model.vimNetworkName = vimNetworkName;
  const ipProfile = profiles.map(buildIpProfile).find((each) => each !== undefined);
  if (ipProfile !== undefined) model.ipProfile = ipProfile;
  const l2 = profiles.map((each) => objectField(each, 'virtual-link-protocol-data', 'l2-protocol-data')).find(Boolean);
  const provider = buildProvider(objectField(link, 'provider-network') ?? l2);
  if (provider !== undefined) model.provider = provider;
  return model;
}

function buildProvider(network: JsonObject | undefined): NsVirtualLink['provider'] | undefined {
  if (network === undefined) return undefined;
  const provider: NonNullable<NsVirtualLink['provider']> = {};
  const physicalNetwork = textField(network, 'physical-network');
  const segmentationId = textField(network, 'segmentation_id') ?? textField(network, 'segmentation-id');
  const networkType = textField(network, 'network-type') ?? textField(network, 'overlay-type');
  if (physicalNetwork !== undefined) provider.physicalNetwork = physicalNetwork;
  if (segmentationId !== undefined) provider.segmentationId = segmentationId;
  if (networkType !== undefined) provider.networkType = networkType;
  return Object.keys(provider).length === 0 ? undefined : provider;
}

function buildFlavour(flavour: JsonObject): NsFlavour {
  const levels = objectsField(flavour, 'ns-instantiation-level').map((level) => ({
    id: textField(level, 'id') ?? '',
    description: textField(level, 'description') ?? '',
    vnfCounts: countsOf(level),
  }));
  const defaultLevelId = textField(flavour, 'default-instantiation-level') ?? levels[0]?.id;
  return {
    id: textField(flavour, 'id') ?? 'default-df',
    vnfProfiles: objectsField(flavour, 'vnf-profile').map((profile) => buildProfile(flavour, profile, levels)),
    levels,
    ...(defaultLevelId === undefined ? {} : { defaultLevelId }),
    scalingAspects: objectsField(flavour, 'scaling-aspect').map((aspect) =>
      buildAspect(aspect, levels, defaultLevelId),
    ),
    affinityGroups: buildAffinityGroups(flavour),
    dependencies: buildDependencies(flavour),
  };
}

function countsOf(level: JsonObject): Record<string, number> {
  return Object.fromEntries(
    objectsField(level, 'vnf-to-level-mapping').map((mapping) => [
      textField(mapping, 'vnf-profile-id') ?? '',
      numberField(mapping, 'number-of-instances') ?? 1,
    ]),
  );
}

function buildProfile(flavour: JsonObject, profile: JsonObject, levels: NsFlavour['levels']): VnfProfile {
  const id = textField(profile, 'id') ?? '';
  const counts = levels.map((level) => level.vnfCounts[id] ?? 1);
  const minimum = numberField(profile, 'min-number-of-instances') ?? Math.min(1, ...counts);
  const flavourId = textField(profile, 'flavour-id');
  const instantiationLevelId = textField(profile, 'instantiation-level');
  return {
    id,
    vnfdId: textField(profile, 'vnfd-id') ?? '',
    ...(flavourId === undefined ? {} : { flavourId }),
    ...(instantiationLevelId === undefined ? {} : { instantiationLevelId }),
    min: minimum,
    max: numberField(profile, 'max-number-of-instances') ?? Math.max(1, minimum, ...counts),
    affinityGroupIds: affinityGroupIds(profile),
    connections: buildConnections(flavour, profile),
  };
}

/** `virtual-link-profile-id` names a profile (ETSI) or, in the field, the link itself. */
function buildConnections(flavour: JsonObject, profile: JsonObject): VnfProfile['connections'] {
  const linkProfiles = objectsField(flavour, 'virtual-link-profile');
  return objectsField(profile, 'virtual-link-connectivity').flatMap((connectivity) => {
    const named = textField(connectivity, 'virtual-link-profile-id') ?? '';
    const linkProfile = linkProfiles.find((each) => textField(each, 'id') === named);
    const virtualLinkId = textField(linkProfile, 'virtual-link-desc-id') ?? named;
    return objectsField(connectivity, 'constituent-cpd-id').map((constituent) => {
      const ipAddress = textField(constituent, 'ip-address');
      const cpId = textField(constituent, 'constituent-cpd-id') ?? '';
      return { virtualLinkId, cpId, ...(ipAddress === undefined ? {} : { ipAddress }) };
    });
  });
}

/** Level 0 is the default level; the levels that the aspect names follow in their order. */
function buildAspect(
  aspect: JsonObject,
  levels: NsFlavour['levels'],
  defaultLevelId: string | undefined,
): NsScalingAspect {
  const id = textField(aspect, 'id') ?? '';
  const named = textsField(aspect, 'scaling-level');
  const order = defaultLevelId === undefined || named[0] === defaultLevelId ? named : [defaultLevelId, ...named];
  const steps = order.flatMap((name) => levels.find((level) => level.id === name) ?? []);
  return {
    id,
    name: textField(aspect, 'name') ?? id,
    maxLevel: Math.max(0, steps.length - 1),
    levels: steps.map(({ vnfCounts }) => ({ vnfCounts })),
  };
}

/** SOL006 names descriptors, people name profiles; a descriptor stands for all its profiles. */
function buildDependencies(flavour: JsonObject): NsFlavour['dependencies'] {
  const profiles = objectsField(flavour, 'vnf-profile');
  const idsFor = (name: string | undefined) =>
    profiles
      .filter((profile) => textField(profile, 'id') === name || textField(profile, 'vnfd-id') === name)
      .flatMap((profile) => textField(profile, 'id') ?? []);
  return objectsField(flavour, 'dependencies').flatMap((dependency) =>
    idsFor(textField(dependency, 'primary-vnf-profile')).flatMap((before) =>
      idsFor(textField(dependency, 'secondary-vnf-profile')).map((after) => ({ before, after })),
    ),
  );
}
