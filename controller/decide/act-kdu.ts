import { ok, type Result } from '#shared/errors/index.ts';
import type { JsonObject, JsonValue } from '#shared/model/json.ts';
import {
  type KduDesired,
  type KduRevision,
  kduRevisionsKept,
  type NsDesired,
  type VnfDesired,
} from '#shared/model/ns-lcm.ts';
import type { KduActionParams } from '#shared/model/ns-lcm-requests.ts';
import { isObject, type KduContent, presentKduKind, timeoutOf } from './kdu-source.ts';
import { unprocessable } from './unprocessable.ts';

export interface KduInVnf {
  vnf: VnfDesired;
  kdu: KduDesired;
}

/** A KDU by the VNF's id, profile (member-vnf-index) or name, and its own name. */
export function findKdu(desired: NsDesired, wanted: { vnf: string; kdu: string }): Result<KduInVnf> {
  const found = desired.vnfs.filter(({ vnfInstanceId, profileId, name }) =>
    [vnfInstanceId, profileId, name].includes(wanted.vnf),
  );
  const vnf = found.find((each) => each.vnfInstanceId === wanted.vnf) ?? found[0];
  if (vnf === undefined) {
    const known = desired.vnfs.map((each) => each.name).join(', ') || 'none';
    return unprocessable(`there is no VNF ${wanted.vnf} in this NS; it has ${known}`, 'vnf');
  }
  if (found.length > 1 && vnf.vnfInstanceId !== wanted.vnf && vnf.name !== wanted.vnf)
    return unprocessable(`${wanted.vnf} means ${found.length} VNF instances`, 'vnf', 'Name one by its id or name.');
  const kdu = vnf.kdus.find((candidate) => candidate.kduName === wanted.kdu);
  if (kdu !== undefined) return ok({ vnf, kdu });
  const known = vnf.kdus.map((each) => each.kduName).join(', ') || 'none';
  return unprocessable(`${vnf.name} has no KDU ${wanted.kdu}; it has ${known}`, 'kdu');
}

/** What an upgrade makes of a KDU; another chart has yet to be resolved. */
export function upgradedContent(present: KduContent, kdu: KduDesired, params: KduActionParams): Result<KduContent> {
  const { kdu_model: chart, repository, values, timeout } = params;
  if (params.reset_values === true && params.reuse_values === true)
    return unprocessable('reset_values and reuse_values contradict each other', 'params/reset_values', 'Give one.');
  if (presentKduKind(kdu) === 'manifests' && values !== undefined)
    return unprocessable(`KDU ${kdu.kduName} is made of manifests, which take no values`, 'params/values');
  const source: Omit<KduContent, 'values'> =
    chart === undefined ? present : { chart, ...(repository === undefined ? {} : { repository }) };
  const timeoutS = timeoutOf(timeout) ?? present.timeoutS;
  return ok({
    ...source,
    values: params.reset_values === true ? (values ?? {}) : mergeValues(present.values, values ?? {}),
    ...(timeoutS === undefined ? {} : { timeoutS }),
  });
}

/** The revision to go back to: the one that is named, else the one before. Only those that are kept can be had again. */
export function rollbackRevision(kdu: KduDesired, params: KduActionParams): Result<KduRevision> {
  const [, ...former] = kdu.revisions ?? [];
  const wanted =
    params.revision === undefined ? former[0] : former.find((candidate) => candidate.revision === params.revision);
  if (wanted !== undefined) return ok(wanted);
  if (former.length === 0)
    return unprocessable(`KDU ${kdu.kduName} has no former revision to go back to`, 'params/revision');
  const known = former.map((each) => each.revision).join(', ');
  return unprocessable(
    `KDU ${kdu.kduName} has no former revision ${params.revision}; there are ${known}`,
    'params/revision',
  );
}

/** The desired state with a new wanted revision of one KDU. */
export function withRevision(
  desired: NsDesired,
  { vnf, kdu }: KduInVnf,
  next: Omit<KduRevision, 'revision' | 'replicas'>,
): NsDesired {
  const former = kdu.revisions ?? [];
  const revision: KduRevision = { ...next, revision: (former[0]?.revision ?? 0) + 1, replicas: kdu.replicas };
  const revisions = [revision, ...former].slice(0, kduRevisionsKept);
  const changed = { ...vnf, kdus: vnf.kdus.map((each) => (each === kdu ? { ...kdu, revisions } : each)) };
  return { ...desired, vnfs: desired.vnfs.map((each) => (each === vnf ? changed : each)) };
}

export function isSameContent(left: KduContent, right: KduContent): boolean {
  return canonical(pick(left)) === canonical(pick(right));
}

function pick({ chart, repository, version, digest, values, timeoutS }: KduContent): JsonObject {
  return JSON.parse(JSON.stringify({ chart, repository, version, digest, values, timeoutS })) as JsonObject;
}

function canonical(value: JsonValue): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    isObject(member as JsonValue)
      ? Object.fromEntries(Object.entries(member as JsonObject).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

/** As Helm merges values: objects member by member, everything else is replaced; null takes the chart's default away. */
export function mergeValues(base: JsonObject, over: JsonObject): JsonObject {
  const merged = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(over)) {
    const there = merged.get(name);
    merged.set(name, isObject(there) && isObject(value) ? mergeValues(there, value) : value);
  }
  return Object.fromEntries(merged);
}
