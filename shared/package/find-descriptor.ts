import { posix } from 'node:path';
import { readToscaMeta } from './digest-lists.ts';
import { PackageFault, packageComplaint } from './package-fault.ts';
import type { Unpacking } from './unpacking.ts';

const descriptorName = /\.(?:ya?ml|json)$/i;
const xmlName = /\.xml$/i;

/** What a descriptor begins with, below its comments; configuration beside it begins otherwise. */
const descriptorMark = /(?:^|[{,<\s:])["']?(?:vnfd|nsd|nst|pnfd|nfv)(?:-catalog)?["']?(?:\s*:|[\s>])/m;
const toscaMark = /^tosca_definitions_version\s*:/m;

export const toscaMetaPath = 'TOSCA-Metadata/TOSCA.meta';

/**
 * OSM's native rule: one YAML or JSON file directly in the package's folder (or, as in source trees, in its only `src`).
 * @throws PackageFault NoDescriptor, SeveralDescriptors
 */
export function findNativeDescriptor(unpacking: Unpacking): string {
  for (const folder of ['.', 'src']) {
    const here = visible(unpacking).filter((path) => posix.dirname(path) === folder);
    const named = here.filter((path) => descriptorName.test(path));
    const found = named.length > 0 ? named : here.filter((path) => xmlName.test(path));
    if (found.length > 0) return only(found, unpacking);
  }
  throw noDescriptor(unpacking, "put one YAML or JSON file directly into the package's folder");
}

/**
 * SOL004: what TOSCA.meta names; else the YAML beside a manifest of the same name; else OSM's rule: exactly one YAML at the root or
 * under a path with `Definitions`; else the same for XML.
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
  const all = visible(unpacking);
  const root = all.filter((path) => !path.includes('/') && (descriptorName.test(path) || xmlName.test(path)));
  const withManifest = root.filter((path) => unpacking.files.has(path.replace(/\.\w+$/, '.mf')));
  if (withManifest[0] !== undefined && withManifest.length === 1) return withManifest[0];
  const definitions = all.filter((path) => posix.dirname(path).includes('Definitions'));
  for (const name of [descriptorName, xmlName]) {
    const candidates = [...new Set([...root, ...definitions])].filter((path) => name.test(path));
    if (candidates.length > 0) return only(candidates, unpacking);
  }
  const inner = all.find((path) => /\.(?:csar|zip)$/i.test(path));
  if (inner !== undefined) {
    const message = `the package '${inner}' is wrapped into another archive (SOL004 security option 2)`;
    throw new PackageFault('UnsupportedFormat', inner, message, 'verify the signature and give the inner archive');
  }
  throw noDescriptor(unpacking, 'put the descriptor at the root or into Definitions');
}

export function findManifests(unpacking: Unpacking): string[] {
  const meta = unpacking.texts.get(toscaMetaPath)?.toString('utf8');
  const named = meta === undefined ? undefined : readToscaMeta(meta).manifest;
  const root = [...unpacking.files.keys()].filter((path) => !path.includes('/') && path.endsWith('.mf'));
  return [...new Set([...(named !== undefined && unpacking.files.has(named) ? [named] : []), ...root])];
}

/** Hidden files (`.travis.yml`) are tools' own. */
function visible(unpacking: Unpacking): string[] {
  return [...unpacking.files.keys()].filter((path) => !path.split('/').some((part) => part.startsWith('.')));
}

/** The only one, or the only one that is a descriptor by its text: values and settings may lie beside it. */
function only(found: string[], unpacking: Unpacking): string {
  const textOf = (path: string) => unpacking.texts.get(path)?.toString('latin1').replaceAll('\0', '') ?? '';
  const [first = ''] = found;
  if (found.length === 1) return first;
  const tosca = found.find((path) => toscaMark.test(textOf(path)));
  if (tosca !== undefined) return tosca;
  const marked = found.filter((path) => descriptorMark.test(textOf(path)));
  if (marked[0] === undefined || marked.length > 1) {
    const message = `more than one descriptor: ${(marked[0] === undefined ? found : marked).slice(0, 5).join(', ')}`;
    throw new PackageFault('SeveralDescriptors', first, message, 'keep one in a package');
  }
  const others = found.filter((path) => path !== marked[0]);
  const message = `'${others.slice(0, 5).join("', '")}' beside the descriptor: OSM would refuse the package`;
  const remedy = 'put other files into a sub-folder';
  unpacking.complaints.push(packageComplaint('warning', 'BadLayout', others[0] ?? '', message, remedy));
  return marked[0];
}

function noDescriptor(unpacking: Unpacking, remedy: string): PackageFault {
  const deeper = visible(unpacking).find((path) => /(?:vnfd|nsd|knfd)\.(?:ya?ml|json|xml)$/i.test(path));
  const message = 'the package holds no descriptor where it must lie';
  if (deeper === undefined) return new PackageFault('NoDescriptor', '', message, remedy);
  return new PackageFault('NoDescriptor', deeper, message, `is it '${deeper}'? then ${remedy}`);
}
