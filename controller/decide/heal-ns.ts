import { ok, type Result } from '#shared/errors/index.ts';
import type { AgentId, ObjectKey } from '#shared/model/ids.ts';
import type { JsonValue } from '#shared/model/json.ts';
import type { NsDesired, VnfDesired } from '#shared/model/ns-lcm.ts';
import type { HealNsRequest } from '#shared/model/ns-lcm-requests.ts';
import { kduPlacement } from './kdu-source.ts';
import { unprocessable } from './unprocessable.ts';

/** One unit that is to be made anew. */
export interface HealTarget {
  agentId: AgentId;
  key: ObjectKey;
  cause: string;
}

/**
 * HEAL (ETSI GS NFV-SOL 005 clause 6.5.2.14): the units to be made anew. Without a choice all of the VNF; chosen by
 * `vnfcInstanceId` (key, its uuid, or `<vdu>-<index>`), or as OSM does by `additionalParams.vdu[{vdu-id, count-index}]`.
 */
export function healTargets(desired: NsDesired, request: HealNsRequest): Result<HealTarget[]> {
  const cause = request.healNsData?.degreeHealing ?? '';
  if (request.healNsData !== undefined) return ok(desired.vnfs.flatMap((vnf) => allOf(vnf, cause)));
  const requests = request.healVnfData ?? [];
  if (requests.length === 0) return unprocessable('neither healNsData nor healVnfData is given', 'healVnfData');
  const targets = new Map<ObjectKey, HealTarget>();
  for (const [index, item] of requests.entries()) {
    const path = `healVnfData/${index}`;
    const vnf = desired.vnfs.find((candidate) => candidate.vnfInstanceId === item.vnfInstanceId);
    if (vnf === undefined)
      return unprocessable(`VNF instance ${item.vnfInstanceId} is not in this NS`, `${path}/vnfInstanceId`);
    const chosen = choose(vnf, item, path);
    if (!chosen.ok) return chosen;
    for (const target of chosen.value) targets.set(target.key, target);
  }
  return ok([...targets.values()]);
}

type HealVnfData = NonNullable<HealNsRequest['healVnfData']>[number];

function choose(vnf: VnfDesired, request: HealVnfData, path: string): Result<HealTarget[]> {
  const cause = request.cause ?? '';
  const named = [...(request.vnfcInstanceId ?? []), ...osmChoice(request.additionalParams?.['vdu'])];
  if (named.length === 0) return ok(allOf(vnf, cause));
  const keys: ObjectKey[] = [];
  for (const name of named) {
    const found = keysNamed(vnf, name);
    if (found.length === 0) return unprocessable(`${vnf.name} has no VNFC instance ${name}`, `${path}/vnfcInstanceId`);
    keys.push(...found);
  }
  return ok(keys.map((key) => ({ agentId: agentOf(vnf, key), key, cause })));
}

function allOf(vnf: VnfDesired, cause: string): HealTarget[] {
  return [...vnf.vnfcs, ...vnf.kdus].map(({ key }) => ({ agentId: agentOf(vnf, key), key, cause }));
}

function agentOf(vnf: VnfDesired, key: ObjectKey): AgentId {
  const kdu = vnf.kdus.find((candidate) => candidate.key === key);
  return (kdu === undefined ? vnf.placement : kduPlacement(vnf, kdu)).agentId;
}

function keysNamed(vnf: VnfDesired, name: string): ObjectKey[] {
  const vnfcs = vnf.vnfcs.filter(
    (vnfc) =>
      vnfc.key === name ||
      vnfc.key.endsWith(`/${name}`) ||
      `${vnfc.vduId}-${vnfc.index}` === name ||
      vnfc.vduId === name,
  );
  const kdus = vnf.kdus.filter((kdu) => kdu.key === name || kdu.key.endsWith(`/${name}`) || kdu.kduName === name);
  return [...vnfcs, ...kdus].map((part) => part.key);
}

function osmChoice(input: JsonValue | undefined): string[] {
  if (!Array.isArray(input)) return [];
  return input.flatMap((item) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item) || typeof item['vdu-id'] !== 'string')
      return [];
    const index = item['count-index'];
    return [index === undefined ? item['vdu-id'] : `${item['vdu-id']}-${String(index)}`];
  });
}
