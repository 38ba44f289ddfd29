import { SkerryError } from '#shared/errors/index.ts';
import type { JsonObject, JsonValue } from '#shared/model/json.ts';
import { isObject } from '../objects/own-labels.ts';
import type { ChartFacts } from '../units/unit-record.ts';

export interface ChartArchive {
  facts: ChartFacts;
  /** Default values of the chart itself. */
  values: JsonObject;
  /** A template asks the cluster while it is rendered. */
  usesLookup: boolean;
}

const maxEntryBytes = 4 * 2 ** 20;
const maxEntries = 5000;

/** Reads what is needed of a chart's .tgz beside its templates. @throws SkerryError PlatformRefused */
export async function readChartArchive(file: string): Promise<ChartArchive> {
  const [{ t: list }, { parse }] = await Promise.all([import('tar'), import('yaml')]);
  const texts = new Map<string, string>();
  let usesLookup = false;
  let entries = 0;
  await list({
    file,
    onReadEntry(entry) {
      entries += 1;
      const inner = entry.path.slice(entry.path.indexOf('/') + 1);
      const isTemplate = /(^|\/)templates\/.*\.(ya?ml|tpl|txt)$/.test(inner);
      const isWanted = inner === 'Chart.yaml' || inner === 'values.yaml';
      if (entries > maxEntries || entry.size > maxEntryBytes || !(isTemplate || isWanted)) return void entry.resume();
      const chunks: Buffer[] = [];
      entry.on('data', (chunk: Buffer) => chunks.push(chunk));
      entry.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if (isWanted) texts.set(inner, text);
        else if (/\{\{[^}]*\blookup\b/.test(text)) usesLookup = true;
      });
    },
  }).catch((cause: unknown) => {
    throw new SkerryError('PlatformRefused', 'The chart is no archive (.tgz) that can be read', { cause });
  });
  const read = (name: string): JsonObject => {
    const value = parse(texts.get(name) ?? '', { maxAliasCount: 100 }) as JsonValue;
    return isObject(value) ? value : {};
  };
  const chart = read('Chart.yaml');
  if (chart['name'] === undefined)
    throw new SkerryError('PlatformRefused', 'The chart has no Chart.yaml with a name', {
      remedy: 'Check the archive with `helm show chart FILE`.',
    });
  const text = (name: string) => (chart[name] === undefined ? '' : String(chart[name]));
  const facts = {
    name: text('name'),
    version: text('version'),
    appVersion: text('appVersion'),
    apiVersion: text('apiVersion') || 'v1',
    description: text('description'),
  };
  return { facts, values: read('values.yaml'), usesLookup };
}
