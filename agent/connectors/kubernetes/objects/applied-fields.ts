import { createHash } from 'node:crypto';
import type { JsonObject } from '#shared/model/json.ts';
import { canonicalJson } from '#shared/wire/canonical-json.ts';
import type { KubeObject } from './kube-object.ts';
import { fieldManager, isObject } from './own-labels.ts';

/** Controllers that scale on somebody's behalf: what they set is no drift. */
const autoscalers = new Set(['kube-controller-manager', 'keda-operator']);

/**
 * Fingerprint of the fields that server-side apply says are ours. Whoever changes a field of ours by other means takes its
 * ownership over, and the fingerprint changes: the server itself tells drift, with its own defaults and conversions. `''` when
 * nothing of the object is ours.
 *
 * The number of replicas stands apart, behind the dot: `+` ours, `-` not ours, `*` taken over by an autoscaler.
 */
export function appliedFields(object: KubeObject): string {
  const managed = object.metadata.managedFields ?? [];
  const ours = managed.find(
    (entry) => entry.manager === fieldManager && entry.operation === 'Apply' && !entry.subresource,
  )?.fieldsV1;
  if (ours === undefined) return '';
  const isAutoscaled = managed.some(
    (entry) => entry.subresource === 'scale' && autoscalers.has(entry.manager) && ownsReplicas(entry.fieldsV1),
  );
  const replicas = isAutoscaled ? '*' : ownsReplicas(ours) ? '+' : '-';
  const digest = createHash('sha256')
    .update(canonicalJson(withoutReplicas(ours)))
    .digest('base64url');
  return `${digest.slice(0, 22)}.${replicas}`;
}

/** Are the fields that were applied still ours? */
export function isAsApplied(applied: string, found: string): boolean {
  return applied === found || (found.endsWith('.*') && applied.slice(0, -1) === found.slice(0, -1));
}

function ownsReplicas(fields: JsonObject | undefined): boolean {
  const spec = fields?.['f:spec'];
  return isObject(spec) && spec['f:replicas'] !== undefined;
}

function withoutReplicas(fields: JsonObject): JsonObject {
  const spec = fields['f:spec'];
  if (!isObject(spec)) return fields;
  const { 'f:replicas': _, ...rest } = spec;
  return { ...fields, 'f:spec': rest };
}
