import type { JsonObject, JsonValue } from '#shared/model/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { isObject } from '../objects/own-labels.ts';

const names = ['replicaCount', 'replicas'];
const scalable = new Set(['Deployment', 'StatefulSet', 'ReplicaSet']);

/**
 * Values that ask a chart for replicas: below the resource's own name (a subchart or a section) where the chart has such a
 * value, else at the top. What the chart does not know is set on its workloads afterwards (`setReplicas`).
 */
export function replicaValues(defaults: JsonObject, replicas: Record<string, number>): JsonObject {
  const values: JsonObject = {};
  const wanted = Object.entries(replicas);
  for (const [resource, count] of wanted) {
    const section = defaults[resource];
    const inner = isObject(section) ? names.find((name) => isNumberLike(section[name])) : undefined;
    const outer = names.find((name) => isNumberLike(defaults[name]));
    if (inner !== undefined) values[resource] = { [inner]: count };
    else if (outer !== undefined && wanted.length === 1) values[outer] = count;
  }
  return values;
}

/** Sets the replicas of the workload that a resource names: by its name, by the end of its name, or the only one there is. */
export function setReplicas(objects: readonly KubeObject[], replicas: Record<string, number>): void {
  const workloads = objects.filter((object) => scalable.has(object.kind));
  for (const [resource, count] of Object.entries(replicas)) {
    const found =
      workloads.find((workload) => workload.metadata.name === resource) ??
      workloads.find((workload) => workload.metadata.name.endsWith(`-${resource}`)) ??
      (workloads.length === 1 ? workloads[0] : undefined);
    if (found?.spec !== undefined) found.spec['replicas'] = count;
  }
}

/** Values over values: objects are merged, all else is replaced; null removes, as Helm has it. */
export function mergeValues(under: JsonObject, over: JsonObject): JsonObject {
  const merged: JsonObject = { ...under };
  for (const [name, value] of Object.entries(over)) {
    const below = merged[name];
    merged[name] = isObject(value) && isObject(below) ? mergeValues(below, value) : value;
  }
  return merged;
}

function isNumberLike(value: JsonValue | undefined): boolean {
  return typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value));
}
