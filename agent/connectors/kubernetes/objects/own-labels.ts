import { SkerryError } from '#shared/errors/index.ts';
import type { JsonObject, JsonValue } from '#shared/model/json.ts';
import type { KubeMetadata, KubeObject } from './kube-object.ts';

/** Whose it is: the agent's id. Everything that we watch is selected by it. */
export const ownerLabel = 'skerry.io/owner';
/** Which incarnation of a unit it belongs to: the unit's name on the platform, a UUID. */
export const unitLabel = 'skerry.io/unit';
/** Namespaces that were made for units, and go with the last of them. */
export const madeAnnotation = 'skerry.io/made-for-units';
/** Field manager of server-side apply. */
export const fieldManager = 'skerry';

export interface Ownership {
  owner: string;
  unitName: string;
}

/**
 * The object as it is applied: with our labels on it and on the pods that it makes, so that one selector finds them all. What
 * only a server writes is dropped.
 */
export function withOwnership(object: KubeObject, { owner, unitName }: Ownership): KubeObject {
  const labels = { [ownerLabel]: owner, [unitLabel]: unitName };
  const { status: _, ...rest } = object;
  const { name, namespace, annotations, labels: given, finalizers, ownerReferences } = object.metadata;
  const metadata: KubeMetadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { ...given, ...labels },
    ...(annotations === undefined ? {} : { annotations }),
    ...(finalizers === undefined ? {} : { finalizers }),
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
  };
  const owned: KubeObject = structuredClone({ ...rest, metadata });
  if (owned.kind === 'Secret') foldStringData(owned);
  for (const template of podTemplatesOf(owned)) {
    const inner = memberObject(template, 'metadata');
    inner['labels'] = { ...(isObject(inner['labels']) ? inner['labels'] : {}), ...labels };
  }
  return owned;
}

/** The server writes `stringData` into `data` and owns nothing of it; a key that is left out later would stay. */
function foldStringData(secret: KubeObject): void {
  const texts = secret['stringData'] as Record<string, unknown> | undefined;
  if (texts === undefined || texts === null) return;
  const folded = Object.entries(texts).map(([name, text]) => [name, Buffer.from(String(text)).toString('base64')]);
  secret['data'] = { ...(secret['data'] as object | undefined), ...Object.fromEntries(folded) };
  delete secret['stringData'];
}

/** Pod templates inside an object, as parts of it: what is written to them changes it. */
export function podTemplatesOf(object: KubeObject): JsonObject[] {
  const { spec } = object;
  if (!isObject(spec)) return [];
  if (isObject(spec['template']) && isObject(spec['template']['spec'])) return [spec['template']];
  const job = spec['jobTemplate'];
  if (isObject(job) && isObject(job['spec']) && isObject(job['spec']['template'])) return [job['spec']['template']];
  return [];
}

/** Annotates every pod that the object makes; an annotation that the author gave stays. */
export function annotatePods(object: KubeObject, name: string, value: string): void {
  const targets = object.kind === 'Pod' ? [object as unknown as JsonObject] : podTemplatesOf(object);
  for (const target of targets) {
    const annotations = memberObject(memberObject(target, 'metadata'), 'annotations');
    annotations[name] ??= value;
  }
}

/** A foreign object under the name that we want. */
export function foreignObject(text: string): SkerryError {
  return new SkerryError('PlatformRefused', `${text} is there already, and is not ours`, {
    remedy: 'Choose another release name or namespace, or remove the object.',
  });
}

function memberObject(parent: JsonObject, name: string): JsonObject {
  const present = parent[name];
  if (isObject(present)) return present;
  const made: JsonObject = {};
  parent[name] = made;
  return made;
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
