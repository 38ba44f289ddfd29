import { open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { checkNsAgainstVnfs } from '#shared/descriptor/checks/check-ns-against-vnfs.ts';
import { type Complaint, printComplaint } from '#shared/descriptor/complaint.ts';
import type { NsModel } from '#shared/descriptor/ns-model.ts';
import type { ParsedDescriptor } from '#shared/descriptor/parsed-descriptor.ts';
import type { VnfModel } from '#shared/descriptor/vnf-model.ts';
import { readPackage } from '#shared/package/read-package.ts';

const descriptorName = /\.(?:ya?ml|json|xml)$/i;
const archiveName = /\.(?:tar\.gz|tgz|tar|zip|csar)$/i;

/** Folders deeper than this below a given path are not looked into. */
const maxDepth = 8;

interface Validated {
  path: string;
  descriptors: ParsedDescriptor[];
  complaints: Complaint[];
}

/**
 * `skerry package validate`: checks packages (folders, archives), bare descriptors and folders full of them, without a controller.
 * NSDs are checked against the VNFDs given in the same call, when there are any. Text output is one line a complaint,
 * `file:line:column path: complaint; remedy`, warnings with `warning: ` before the complaint.
 * @returns exit code: 0 when all are sound (warnings allowed), 1 when not, 2 for a path that does not exist
 */
export async function validatePackages(
  paths: string[],
  output: 'text' | 'json',
  write: (line: string) => void,
): Promise<number> {
  const missing = [];
  const found: string[] = [];
  for (const path of paths) {
    try {
      found.push(...(await findPackages(path)));
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      missing.push(noSuchPath(path));
    }
  }
  const validated: Validated[] = [];
  for (const path of new Set(found)) validated.push(await validateOne(path));
  checkServices(validated);
  const results = [...missing, ...validated];
  if (output === 'json') write(JSON.stringify(results.map(toJson), undefined, 2));
  else for (const { complaints } of results) for (const complaint of complaints) write(printLine(complaint));
  if (missing.length > 0) return 2;
  return validated.some(isUnsound) ? 1 : 0;
}

/** A package folder is one thing; any other folder is looked through. A folder that holds nothing is itself the complaint. */
async function findPackages(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const found = await searchFolder(path, 0);
  return found.length === 0 ? [path] : found;
}

async function searchFolder(folder: string, depth: number): Promise<string[]> {
  const items = (await readdir(folder, { withFileTypes: true }))
    .filter((item) => !item.name.startsWith('.') && item.name !== 'node_modules')
    .sort((one, two) => (one.name < two.name ? -1 : 1));
  const names = items.filter((item) => item.isFile()).map(({ name }) => name);
  const descriptors = names.filter((name) => descriptorName.test(name));
  const archives = names.filter((name) => archiveName.test(name)).map((name) => join(folder, name));
  const isPackage = await isPackageFolder(
    folder,
    items.filter((item) => item.isDirectory()).map(({ name }) => name),
    descriptors,
  );
  if (isPackage) return [folder, ...archives];
  const bare = [];
  for (const name of descriptors) if (await looksLikeDescriptor(join(folder, name))) bare.push(join(folder, name));
  if (depth >= maxDepth) return [...bare, ...archives];
  const below = [];
  for (const item of items) {
    if (item.isDirectory()) below.push(...(await searchFolder(join(folder, item.name), depth + 1)));
  }
  return [...bare, ...archives, ...below];
}

const packageFolders = [
  'cloud_init',
  'charms',
  'helm-charts',
  'juju-bundles',
  'icons',
  'TOSCA-Metadata',
  'Definitions',
  'Scripts',
];

/** One descriptor alone, or the folders that only a package has beside it. */
async function isPackageFolder(folder: string, folders: string[], descriptors: string[]): Promise<boolean> {
  if (folders.some((name) => name === 'TOSCA-Metadata' || name === 'Definitions')) return true;
  if (descriptors.length === 0) return false;
  if (descriptors.length > 1) return folders.some((name) => packageFolders.includes(name));
  return looksLikeDescriptor(join(folder, descriptors[0] ?? ''));
}

const descriptorMark =
  /(?:^|[\s{"'<:])(?:(?:vnfd|nsd|nst|pnfd|nfv)(?:["']?\s*:|[\s>])|(?:vnfd|nsd)-catalog|product-name|virtual-link-desc|ext-cpd)/;

/** By its first bytes: folders hold other YAML too. */
async function looksLikeDescriptor(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(8192);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    return descriptorMark.test(head.toString('utf8', 0, bytesRead));
  } finally {
    await file.close();
  }
}

async function validateOne(path: string): Promise<Validated> {
  const read = await readPackage(path, undefined);
  const prefix = read.format === 'folder' ? path : '';
  const place = (file: string) => {
    if (prefix !== '') return join(prefix, file);
    return read.format === 'bare' || file === basename(path) ? path : `${path}/${file}`;
  };
  const { descriptor } = read;
  const locate = descriptor.locate;
  const located = [descriptor, ...(descriptor.others ?? [])].map((each): ParsedDescriptor => {
    if (locate === undefined) return each;
    const withPlace: NonNullable<typeof locate> = (holder, field) => {
      const at = locate(holder, field);
      return { ...at, file: place(at.file) };
    };
    return { ...each, locate: withPlace };
  });
  const complaints = read.complaints.map((complaint) => ({ ...complaint, file: place(complaint.file) }));
  return { path, descriptors: located, complaints };
}

/** Without any VNFD in the call there is nothing to check services against. */
function checkServices(validated: Validated[]): void {
  const descriptors = validated.flatMap((each) => each.descriptors);
  const vnfs = new Map<string, VnfModel>();
  const unsound = new Set<string>();
  for (const { kind, model, document } of descriptors) {
    if (kind !== 'vnfd') continue;
    if (model !== undefined) vnfs.set((model as VnfModel).vnfdId, model as VnfModel);
    else if (typeof document?.['id'] === 'string') unsound.add(document['id']);
  }
  if (vnfs.size === 0) return;
  for (const each of validated) {
    for (const descriptor of each.descriptors) {
      if (descriptor.kind !== 'nsd' || descriptor.model === undefined) continue;
      const complaints = checkNsAgainstVnfs(descriptor.model as NsModel, vnfs, descriptor);
      // A VNFD that is there but unsound has been complained about already.
      each.complaints.push(...complaints.filter((complaint) => !isAbout(complaint, unsound)).map(softenUnknown));
    }
  }
}

/** A VNFD that was not given may well be onboarded; a near miss of one that was given is a misspelling. */
function softenUnknown(complaint: Complaint): Complaint {
  const isMisspelling = complaint.remedy.startsWith('did you mean');
  return complaint.code === 'UnknownVnfd' && !isMisspelling ? { ...complaint, severity: 'warning' } : complaint;
}

function isAbout(complaint: Complaint, ids: ReadonlySet<string>): boolean {
  return complaint.code === 'UnknownVnfd' && [...ids].some((id) => complaint.message.startsWith(`'${id}' `));
}

function printLine(complaint: Complaint): string {
  const message = complaint.severity === 'warning' ? `warning: ${complaint.message}` : complaint.message;
  return printComplaint({ ...complaint, message: message.replace(/\s+/g, ' ') });
}

function toJson({ path, descriptors, complaints }: Validated): Record<string, unknown> {
  const [leading] = descriptors;
  const { kind, document, report } = leading ?? {};
  return {
    path,
    kind: kind ?? null,
    id: document?.['id'] ?? null,
    sound: !isUnsound({ complaints }),
    complaints,
    onboardingReport: report ?? null,
  };
}

function isUnsound({ complaints }: Pick<Validated, 'complaints'>): boolean {
  return complaints.some(({ severity }) => severity === 'error');
}

function noSuchPath(path: string): Validated {
  const complaint: Complaint = {
    severity: 'error',
    code: 'NoSuchPath',
    file: path,
    line: 0,
    column: 0,
    path: '',
    message: 'there is no such file or folder',
    remedy: 'correct the path',
  };
  return { path, descriptors: [], complaints: [complaint] };
}
