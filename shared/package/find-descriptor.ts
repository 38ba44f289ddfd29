import { posix } from 'node:path';
import { readToscaMeta } from './digest-lists.ts';
import { PackageFault } from './package-fault.ts';
import type { Unpacking } from './unpacking.ts';

const descriptorName = /\.(?:ya?ml|json)$/i;
const xmlName = /\.xml$/i;

export const toscaMetaPath = 'TOSCA-Metadata/TOSCA.meta';

/**
 * OSM's native rule: exactly one YAML or JSON file directly in the package's folder (or, as in source trees, in its only `src`).
 * @throws PackageFault NoDescriptor, SeveralDescriptors
 */
export function findNativeDescriptor(unpacking: Unpacking): string {
  for (const folder of ['.', 'src']) {
    const here = [...unpacking.files.keys()].filter((path) => posix.dirname(path) === folder);
    const named = here.filter((path) => descriptorName.test(path));
    const found = named.length > 0 ? named : here.filter((path) => xmlName.test(path));
    if (found.length > 0) return only(found);
  }
  throw noDescriptor("put one YAML or JSON file directly into the package's folder");
}

/**
 * SOL004: what TOSCA.meta names; else the YAML beside a manifest of the same name; else OSM's rule: exactly one YAML at the root or
 * under a path with `Definitions`.
 * @throws PackageFault NoDescriptor, SeveralDescriptors, MissingFile
 */
export function findCsarDescriptor(unpacking: Unpacking): string {
  const meta = unpacking.texts.get(toscaMetaPath)?.toString('utf8');
  const entry = meta === undefined ? undefined : readToscaMeta(meta).entryDefinitions;
  if (entry !== undefined) {
    if (unpacking.files.has(entry)) return entry;
    const message = `Entry-Definitions names '${entry.slice(0, 200)}', which is not in the package`;
    throw new PackageFault('MissingFile', toscaMetaPath, message, 'correct the name or add the file');
  }
  const all = [...unpacking.files.keys()];
  const root = all.filter((path) => !path.includes('/') && (descriptorName.test(path) || xmlName.test(path)));
  const withManifest = root.filter((path) => unpacking.files.has(path.replace(/\.\w+$/, '.mf')));
  if (withManifest.length === 1) return only(withManifest);
  const definitions = all.filter((path) => posix.dirname(path).includes('Definitions') && descriptorName.test(path));
  const candidates = [...root.filter((path) => descriptorName.test(path)), ...definitions];
  if (candidates.length > 0) return only(candidates);
  const xml = root.filter((path) => xmlName.test(path));
  if (xml.length > 0) return only(xml);
  const inner = all.find((path) => /\.(?:csar|zip)$/i.test(path));
  if (inner !== undefined) {
    const message = `the package '${inner}' is wrapped into another archive (SOL004 security option 2)`;
    throw new PackageFault('UnsupportedFormat', inner, message, 'verify the signature and give the inner archive');
  }
  throw noDescriptor('put the descriptor at the root or into Definitions');
}

export function findManifests(unpacking: Unpacking): string[] {
  const meta = unpacking.texts.get(toscaMetaPath)?.toString('utf8');
  const named = meta === undefined ? undefined : readToscaMeta(meta).manifest;
  const root = [...unpacking.files.keys()].filter((path) => !path.includes('/') && path.endsWith('.mf'));
  return [...new Set([...(named !== undefined && unpacking.files.has(named) ? [named] : []), ...root])];
}

function only(found: string[]): string {
  const [first = ''] = found;
  if (found.length === 1) return first;
  const message = `more than one descriptor: ${found.slice(0, 5).join(', ')}`;
  throw new PackageFault('SeveralDescriptors', first, message, 'keep one in a package');
}

function noDescriptor(remedy: string): PackageFault {
  return new PackageFault('NoDescriptor', '', 'the package holds no descriptor', remedy);
}
