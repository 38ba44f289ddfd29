import { SkerryError } from '#shared/errors/index.ts';
import type { JsonValue } from '#shared/model/json.ts';
import type { KubeObject } from './kube-object.ts';
import { isObject } from './own-labels.ts';

export interface ParsedObject {
  object: KubeObject;
  /** Helm's `# Source:` of it; '' without. */
  source: string;
}

const maxObjects = 2000;

/** YAML documents → objects; lists are opened. @throws SkerryError PlatformRefused, naming the document */
export async function parseManifests(text: string, origin: string): Promise<ParsedObject[]> {
  const { parseAllDocuments } = await import('yaml');
  const found: ParsedObject[] = [];
  const documents = parseAllDocuments(text, {
    ...{ uniqueKeys: false, schema: 'yaml-1.1', merge: true, strict: false },
    // As the API's own tools read YAML 1.1: `yes` and `on` are booleans, dates and base 60 are texts.
    customTags: (tags) =>
      tags.filter(
        (tag) =>
          typeof tag === 'string' || !(tag.tag.endsWith(':timestamp') || ('format' in tag && tag.format === 'TIME')),
      ),
  });
  if (!Array.isArray(documents)) return [];
  for (const [index, document] of documents.entries()) {
    const place = `${origin}, document ${index + 1}`;
    const [fault] = document.errors;
    if (fault !== undefined) throw refusal(`${place} is no YAML: ${fault.message.split('\n')[0]}`);
    const source = /Source: (\S+)/.exec(document.commentBefore ?? document.contents?.commentBefore ?? '')?.[1] ?? '';
    let value: JsonValue;
    try {
      value = document.toJS({ maxAliasCount: 200 }) as JsonValue;
    } catch (cause) {
      throw refusal(`${place} cannot be read: ${(cause as Error).message}`);
    }
    for (const object of openList(value, place)) found.push({ object, source });
    if (found.length > maxObjects) throw refusal(`${origin} has more than ${maxObjects} objects`);
  }
  return found;
}

/** An object, or the items of a List; nothing of an empty document. */
export function openList(value: JsonValue | undefined, place: string): KubeObject[] {
  if (value === null || value === undefined || value === '') return [];
  if (!isObject(value)) throw refusal(`${place} is no object`);
  if (typeof value['kind'] === 'string' && value['kind'].endsWith('List') && Array.isArray(value['items']))
    return value['items'].flatMap((item) => openList(item, place));
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') throw refusal(`${place} has no apiVersion and kind`);
  if (!isObject(metadata) || typeof metadata['name'] !== 'string' || metadata['name'] === '')
    throw refusal(`${place} (${kind}) has no metadata.name`);
  return [value as unknown as KubeObject];
}

function refusal(message: string): SkerryError {
  return new SkerryError('PlatformRefused', message, { remedy: 'Correct the chart or the manifests.' });
}
