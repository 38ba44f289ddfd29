import type { NsFlavour, NsModel, VnfProfile } from '#shared/descriptor/ns-model.ts';
import { ok, type Result } from '#shared/errors/index.ts';
import type { VnfInstanceId } from '#shared/model/ids.ts';
import type { JsonObject, JsonValue } from '#shared/model/json.ts';
import type { InstantiateNsRequest, PlacementWish } from '#shared/model/ns-lcm-requests.ts';
import type { NsModels } from './models.ts';
import { newVnf, type UnplacedVnf } from './new-vnf.ts';
import type { NewKey } from './resize-vnf.ts';
import { dependencyRing } from './start-order.ts';
import { unprocessable } from './unprocessable.ts';

/** Where new identities come from; injected, so that deciding stays pure. */
export interface NewNames {
  newKey: NewKey;
  newVnfInstanceId: () => VnfInstanceId;
}

/** What an NS should become, before its VNFs have a place. */
export interface UnplacedNs {
  flavourId: string;
  levelId?: string;
  scaleLevels: Record<string, number>;
  vnfs: UnplacedVnf[];
  params: JsonObject;
}

/** INSTANTIATE (ETSI GS NFV-SOL 005 clause 6.5.2.11): flavour and instantiation level → VNF instances. */
export function instantiateNs(
  request: InstantiateNsRequest,
  nsName: string,
  models: NsModels,
  names: NewNames,
): Result<UnplacedNs> {
  const flavour = pickNsFlavour(models.ns, request.nsFlavourId);
  if (!flavour.ok) return flavour;
  const counts = countsAtNsLevel(flavour.value, request.nsInstantiationLevelId);
  if (!counts.ok) return counts;
  if (models.ns.nestedNsdIds.length > 0)
    return unprocessable('the NSD nests other NSDs, which cannot be instantiated yet', 'nsdId');
  const ring = dependencyRing(flavour.value);
  if (ring !== undefined)
    return unprocessable(
      `dependencies of flavour ${flavour.value.id} go in a ring: ${ring.join(' → ')}`,
      'nsFlavourId',
    );
  const unknown = unknownProfile(request, flavour.value);
  if (unknown !== undefined) return unknown;
  const vnfs: UnplacedVnf[] = [];
  for (const profile of flavour.value.vnfProfiles) {
    for (let ordinal = 0; ordinal < (counts.value.vnfCounts[profile.id] ?? 0); ordinal++) {
      const params = vnfParams(request, profile.id);
      const name = vnfName(params.name ?? `${nsName}-${profile.id}`, ordinal);
      const vnfInstanceId = names.newVnfInstanceId();
      const vnf = newVnf({ vnfInstanceId, name, profile, params: params.values }, models, names.newKey);
      if (!vnf.ok) return vnf;
      vnfs.push(vnf.value);
    }
  }
  const scaleLevels = Object.fromEntries(
    flavour.value.scalingAspects.map((aspect) => [aspect.id, levelWithCounts(aspect.levels, counts.value.vnfCounts)]),
  );
  // Kept for VNF instances that a scale adds later.
  const placement = request.placement === undefined ? {} : { placement: request.placement as unknown as JsonObject };
  const params = { ...request.additionalParamsForNs, ...placement };
  return ok({ flavourId: flavour.value.id, levelId: counts.value.levelId, scaleLevels, vnfs, params });
}

export function vnfName(base: string, ordinal: number): string {
  return ordinal === 0 ? base : `${base}-${ordinal + 1}`;
}

function pickNsFlavour(model: NsModel, wanted: string | undefined): Result<NsFlavour> {
  const flavour =
    wanted === undefined ? model.flavours[0] : model.flavours.find((candidate) => candidate.id === wanted);
  if (flavour !== undefined) return ok(flavour);
  const known = model.flavours.map((candidate) => candidate.id).join(', ');
  return unprocessable(`the NSD has no flavour ${wanted}; it has ${known}`, 'nsFlavourId');
}

export function countsAtNsLevel(
  flavour: NsFlavour,
  wanted: string | undefined,
): Result<{ levelId?: string; vnfCounts: Record<string, number> }> {
  const levelId = wanted ?? flavour.defaultLevelId;
  const level = flavour.levels.find((candidate) => candidate.id === levelId);
  if (wanted !== undefined && level === undefined) {
    const known = flavour.levels.map((candidate) => candidate.id).join(', ') || 'none';
    return unprocessable(
      `flavour ${flavour.id} has no instantiation level ${wanted}; it has ${known}`,
      'nsInstantiationLevelId',
    );
  }
  const vnfCounts = Object.fromEntries(
    flavour.vnfProfiles.map((profile) => [profile.id, level?.vnfCounts[profile.id] ?? Math.max(1, profile.min)]),
  );
  return ok({ levelId: level?.id, vnfCounts });
}

function levelWithCounts(
  levels: readonly { vnfCounts: Record<string, number> }[],
  counts: Readonly<Record<string, number>>,
): number {
  const level = levels.findIndex((candidate) =>
    Object.entries(candidate.vnfCounts).every(([profileId, count]) => counts[profileId] === count),
  );
  return Math.max(0, level);
}

function unknownProfile(request: InstantiateNsRequest, flavour: NsFlavour): Result<never> | undefined {
  const known = new Set(flavour.vnfProfiles.map((profile) => profile.id));
  const named = [
    ...Object.keys(wishesOf(request))
      .filter((profileId) => profileId !== '*')
      .map((profileId) => ({ profileId, path: `placement/${profileId}` })),
    ...(request.additionalParamsForVnf ?? []).map((item) => ({
      profileId: item.vnfProfileId,
      path: 'additionalParamsForVnf',
    })),
    ...(request.locationConstraints ?? []).map((item) => ({
      profileId: item.vnfProfileId,
      path: 'locationConstraints',
    })),
  ];
  const unknown = named.find((item) => !known.has(item.profileId));
  if (unknown === undefined) return undefined;
  return unprocessable(
    `flavour ${flavour.id} has no VNF profile ${unknown.profileId}; it has ${[...known].join(', ')}`,
    unknown.path,
  );
}

function vnfParams(request: InstantiateNsRequest, profileId: string): { name?: string; values: JsonObject } {
  const found = request.additionalParamsForVnf?.find((item) => item.vnfProfileId === profileId);
  return { name: found?.vnfInstanceName, values: found?.additionalParams ?? {} };
}

/** Skerry's own `placement`, or OSM's way of giving it among the additional parameters. */
export function wishesOf(request: InstantiateNsRequest): Record<string, PlacementWish> {
  if (request.placement !== undefined) return request.placement;
  const inParams = request.additionalParamsForNs?.['placement'];
  if (!isObject(inParams)) return {};
  return Object.fromEntries(
    Object.entries(inParams).flatMap(([profileId, wish]) => (isObject(wish) ? [[profileId, parseWish(wish)]] : [])),
  );
}

/** The wish for one profile: its own members over those for all (`'*'`), and SOL005's location constraints as labels. */
export function wishFor(request: InstantiateNsRequest, profileId: string): PlacementWish {
  const wishes = wishesOf(request);
  const location = request.locationConstraints?.find((item) => item.vnfProfileId === profileId)?.locationConstraints;
  const fromLocation = location === undefined ? {} : parseLocation(location);
  const wish = { ...wishes['*'], ...fromLocation, ...wishes[profileId] };
  return { ...wish, labels: { ...wishes['*']?.labels, ...fromLocation.labels, ...wishes[profileId]?.labels } };
}

function parseWish(input: JsonObject): PlacementWish {
  const wish: PlacementWish = {};
  if (typeof input['site'] === 'string') wish.site = input['site'];
  if (typeof input['infra'] === 'string') wish.infra = input['infra'];
  if (isObject(input['labels'])) wish.labels = textMembers(input['labels']);
  return wish;
}

/** LocationConstraints (clause 6.5.3.22) names a country and civic address elements: matched as labels of the site. */
function parseLocation(input: JsonObject): PlacementWish {
  const labels = textMembers(input);
  const civic = input['civicAddressElement'];
  for (const element of Array.isArray(civic) ? civic : []) {
    if (isObject(element) && element['caType'] !== undefined && typeof element['caValue'] === 'string')
      labels[`caType${String(element['caType'])}`] = element['caValue'];
  }
  const { site, infra, ...others } = labels;
  return { ...(site === undefined ? {} : { site }), ...(infra === undefined ? {} : { infra }), labels: others };
}

function textMembers(input: JsonObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(input).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function profileOf(models: NsModels, flavourId: string, profileId: string): VnfProfile | undefined {
  return models.ns.flavours
    .find((flavour) => flavour.id === flavourId)
    ?.vnfProfiles.find((profile) => profile.id === profileId);
}
