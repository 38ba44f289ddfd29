import type { JsonObject, JsonValue } from '#shared/model/json.ts';
import { parseImageReference } from '../../../artefacts/image-reference.ts';
import type { SiteRegistry } from '../kubernetes-settings.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { isObject, podTemplatesOf } from '../objects/own-labels.ts';

/**
 * Images that travelled with the unit are pulled from the site's registry: wherever a pod names one of them, it names it there.
 * All other images stay as they are.
 */
export function pullFromSite(
  objects: readonly KubeObject[],
  images: readonly { reference: string }[],
  registry: Pick<SiteRegistry, 'url' | 'pullFrom'>,
): void {
  const host = (registry.pullFrom ?? registry.url).replace(/^https?:\/\//, '').replace(/\/+$/, '');
  const names = images.flatMap(({ reference }) => plainName(reference) ?? []);
  const carried = new Map(names.map((name) => [withoutLibrary(name), `${host}/${name}`]));
  for (const object of objects) {
    const pods = object.kind === 'Pod' ? [object as unknown as JsonObject] : podTemplatesOf(object);
    for (const pod of pods) for (const container of containersOf(pod['spec'])) rename(container, carried);
  }
}

function rename(container: JsonObject, carried: ReadonlyMap<string, string>): void {
  const { image } = container;
  if (typeof image !== 'string') return;
  const name = plainName(image);
  const there = name === undefined ? undefined : carried.get(withoutLibrary(name));
  if (there !== undefined) container['image'] = there;
}

/** Path and tag, or digest, without the registry; undefined for what is no name of an image. */
function plainName(reference: string): string | undefined {
  try {
    const { repository, tag, digest } = parseImageReference(reference);
    return digest === undefined ? `${repository}:${tag}` : `${repository}@${digest}`;
  } catch {
    return undefined;
  }
}

/** A well-known registry's short names stand below `library`. */
function withoutLibrary(name: string): string {
  return name.replace(/^library\//, '');
}

function containersOf(spec: JsonValue | undefined): JsonObject[] {
  if (!isObject(spec)) return [];
  return ['containers', 'initContainers'].flatMap((member) => {
    const list = spec[member];
    return Array.isArray(list) ? list.filter(isObject) : [];
  });
}
