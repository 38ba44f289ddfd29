import type { VnfProfile } from '#shared/descriptor/ns-model.ts';
import type { VnfFlavour, VnfModel } from '#shared/descriptor/vnf-model.ts';
import { fail, ok, type Result, SkerryError } from '#shared/errors/index.ts';
import type { VnfInstanceId } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { KduDesired, VnfDesired } from '#shared/model/ns-lcm.ts';
import { kduMonitor } from './kdu-monitor.ts';
import { kduKind, presentKduKind } from './kdu-source.ts';
import { type NsModels, vnfModelKey } from './models.ts';
import { type NewKey, resizeVnf } from './resize-vnf.ts';
import { unprocessable } from './unprocessable.ts';

/** A VNF instance that is wanted but not yet placed. */
export type UnplacedVnf = Omit<VnfDesired, 'placement'>;

export interface NewVnf {
  vnfInstanceId: VnfInstanceId;
  name: string;
  profile: VnfProfile;
  params: JsonObject;
}

/** A new VNF instance of a profile, at the flavour and instantiation level that the profile names (else the default ones). */
export function newVnf(wanted: NewVnf, models: NsModels, newKey: NewKey): Result<UnplacedVnf> {
  const { profile } = wanted;
  const vnfPackage = models.packages.get(profile.vnfdId);
  const stored = vnfPackage && models.vnfs.get(vnfModelKey(vnfPackage.id, vnfPackage.revision));
  if (vnfPackage === undefined || stored === undefined)
    return unprocessable(`VNF profile ${profile.id}: no onboarded package has vnfd-id ${profile.vnfdId}`, profile.id);
  const refusal = unsupported(stored.model);
  if (refusal !== undefined)
    return fail(
      new SkerryError('Unprocessable', `VNF profile ${profile.id}: ${refusal}`, { details: { path: profile.id } }),
    );
  const flavour = pickFlavour(stored.model, profile);
  if (!flavour.ok) return flavour;
  const level = pickLevel(flavour.value, profile);
  if (!level.ok) return level;
  const scaleLevels = Object.fromEntries(flavour.value.scalingAspects.map((aspect) => [aspect.id, 0]));
  const empty: UnplacedVnf = {
    vnfInstanceId: wanted.vnfInstanceId,
    name: wanted.name,
    profileId: profile.id,
    vnfdId: profile.vnfdId,
    vnfPackageId: vnfPackage.id,
    vnfPackageRevision: vnfPackage.revision,
    flavourId: flavour.value.id,
    levelId: level.value.id,
    scaleLevels: { ...scaleLevels, ...level.value.scaleLevels },
    vnfcs: [],
    kdus: [],
    auxiliary: [],
    managementPorts: managementPorts(stored.model),
    params: wanted.params,
  };
  const counts = countsAtLevel(flavour.value, level.value.vduCounts);
  const sized = resizeVnf(empty as VnfDesired, stored.model, counts, newKey);
  const kdus = sized.kdus.map((kdu) => ({ ...kdu, replicas: firstReplicas(flavour.value, kdu.kduName) }));
  const monitored = withMonitors(kdus, wanted.params, newKey);
  return monitored.ok ? ok({ ...sized, kdus: monitored.value }) : monitored;
}

function withMonitors(kdus: readonly KduDesired[], params: JsonObject, newKey: NewKey): Result<KduDesired[]> {
  const monitored: KduDesired[] = [];
  for (const kdu of kdus) {
    const monitor = kduMonitor(params, { kduName: kdu.kduName, kind: presentKduKind(kdu) });
    if (!monitor.ok) return monitor;
    monitored.push(monitor.value === undefined ? kdu : { ...kdu, monitorKey: newKey('monitor') });
  }
  return ok(monitored);
}

/** A VDU that the level does not name has its minimum; one without a profile is not in this flavour. */
export function countsAtLevel(
  flavour: VnfFlavour,
  vduCounts: Readonly<Record<string, number>>,
): Record<string, number> {
  return Object.fromEntries(
    flavour.vduProfiles.map((profile) => [profile.vduId, vduCounts[profile.vduId] ?? profile.min]),
  );
}

function managementPorts(model: VnfModel): string[] {
  const ports = model.vdus.flatMap((vdu) => vdu.ports.filter((port) => port.extCpId !== undefined));
  const services = model.kdus.flatMap((kdu) => kdu.services.filter((service) => service.management));
  const named = ports.filter((port) => port.extCpId === model.managementCp);
  return [...new Set([...named, ...services].map((item) => item.name))];
}

function firstReplicas(flavour: VnfFlavour, kduName: string): Record<string, number> {
  const profiles = flavour.kduProfiles.filter((profile) => profile.kduName === kduName);
  return Object.fromEntries(
    profiles.map((profile) => [profile.resourceName, profile.initial ?? Math.max(1, profile.min)]),
  );
}

function pickFlavour(model: VnfModel, profile: VnfProfile): Result<VnfFlavour> {
  const flavour =
    profile.flavourId === undefined
      ? model.flavours[0]
      : model.flavours.find((candidate) => candidate.id === profile.flavourId);
  if (flavour !== undefined) return ok(flavour);
  const known = model.flavours.map((candidate) => candidate.id).join(', ');
  return unprocessable(
    `VNF profile ${profile.id} names flavour ${profile.flavourId}, ${model.vnfdId} has ${known}`,
    profile.id,
  );
}

function pickLevel(flavour: VnfFlavour, profile: VnfProfile): Result<VnfFlavour['instantiationLevels'][number]> {
  const wanted = profile.instantiationLevelId ?? flavour.defaultLevelId;
  const level = flavour.instantiationLevels.find((candidate) => candidate.id === wanted);
  if (level !== undefined) return ok(level);
  if (profile.instantiationLevelId === undefined)
    return ok(flavour.instantiationLevels[0] ?? { id: wanted, vduCounts: {}, scaleLevels: {} });
  return unprocessable(
    `VNF profile ${profile.id} names instantiation level ${wanted}, flavour ${flavour.id} does not have it`,
    profile.id,
  );
}

function unsupported(model: VnfModel): string | undefined {
  const pdu = model.vdus.find((vdu) => vdu.pduType !== undefined);
  if (pdu !== undefined)
    return `VDU ${pdu.id} asks for a physical unit of type ${pdu.pduType}; none can be managed yet`;
  const kdu = model.kdus.find((candidate) => kduKind(candidate) === undefined);
  if (kdu !== undefined) return `KDU ${kdu.name} has no Helm chart and no manifests; only those can be deployed`;
  const container = model.containers?.find(({ kduName }) => kduName === '');
  if (container !== undefined)
    return `VDU ${container.vduId} is made of containers, and the VNFD names no MCIOP (mciop-id) or KDU that makes them`;
  return undefined;
}
