import type { SoftwareImageFacts } from '#shared/model/catalog.ts';
import type { JsonObject, JsonValue } from '#shared/model/json.ts';
import type { PackageFile } from '#shared/package/package-reader.ts';

const diskFormats = ['AKI', 'AMI', 'ARI', 'ISO', 'QCOW2', 'RAW', 'VDI', 'VHD', 'VHDX', 'VMDK'];
const containerFormats = ['AKI', 'AMI', 'ARI', 'BARE', 'DOCKER', 'OVA', 'OVF'];

/**
 * The images that a VNFD names (`sw-image-desc`), with what ETSI GS NFV-SOL 005 clause 9.5.3.2 asks of each. Every member is
 * mandatory there and optional in the field: a format that the descriptor leaves out is taken from the file's name, else
 * BARE and QCOW2; sizes are 0 and the hash is empty where nothing is known.
 */
export function softwareImages(
  document: JsonObject,
  files: readonly PackageFile[],
  provider: string,
): SoftwareImageFacts[] {
  const list = document['sw-image-desc'];
  if (!Array.isArray(list)) return [];
  return list.filter(isObject).map((image) => {
    const name = text(image['name']) || text(image['id']);
    const reference = text(image['image']);
    const file = files.find((candidate) => candidate.path === reference || candidate.path === `images/${reference}`);
    return {
      id: text(image['id']) || name,
      name,
      provider: text(image['provider']) || provider,
      version: text(image['version']),
      checksum: checksumOf(image['checksum'], file),
      isEncrypted: false,
      containerFormat: pick(containerFormats, text(image['container-format'])) ?? 'BARE',
      diskFormat:
        pick(diskFormats, text(image['disk-format'])) ?? pick(diskFormats, extensionOf(reference || name)) ?? 'QCOW2',
      minDisk: whole(image['min-disk']),
      minRam: whole(image['min-ram']),
      size: file?.bytes ?? whole(image['size']),
      imagePath: file?.path ?? reference,
    };
  });
}

const containerWords = /docker|oci|container/i;

/**
 * Tars of container images in the package: what an sw-image-desc with a container's format names, and any tar in a folder
 * `images`. `reference` is the name that the descriptor gives the image.
 */
export function imageFiles(
  document: JsonObject,
  files: readonly PackageFile[],
): { file: PackageFile; reference?: string }[] {
  const stated = document['sw-image-desc'];
  const named = new Map<string, string | undefined>();
  for (const image of Array.isArray(stated) ? stated.filter(isObject) : []) {
    const place = text(image['image']) || text(image['sw-image']);
    const file = files.find(
      ({ path }) => path === place || imageFolders.some((folder) => path === `${folder}/${place}`),
    );
    const format = `${text(image['container-format'])} ${text(image['disk-format'])}`;
    if (file === undefined || !/\.tar$/i.test(file.path)) continue;
    if (!containerWords.test(format) && !isInImages(file.path)) continue;
    named.set(file.path, referenceOf(text(image['name']), text(image['version'])));
  }
  return files.flatMap((file) => {
    if (!named.has(file.path) && !(isInImages(file.path) && /\.tar$/i.test(file.path))) return [];
    const reference = named.get(file.path);
    return [reference === undefined ? { file } : { file, reference }];
  });
}

const imageFolders = ['images', 'Images', 'Files/images', 'Files/Images'];

function isInImages(path: string): boolean {
  return imageFolders.some((folder) => path.startsWith(`${folder}/`));
}

function referenceOf(name: string, version: string): string | undefined {
  if (!/^[a-z0-9][a-z0-9._/:@-]*$/.test(name)) return undefined;
  return /[:@][^/]*$/.test(name) || version === '' ? name : `${name}:${version}`;
}

function checksumOf(stated: JsonValue | undefined, file: PackageFile | undefined): { algorithm: string; hash: string } {
  if (file !== undefined) return { algorithm: 'SHA-256', hash: file.sha256 };
  if (isObject(stated)) return { algorithm: text(stated['algorithm']), hash: text(stated['hash']) };
  return { algorithm: 'SHA-256', hash: typeof stated === 'string' ? stated : '' };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** YANG's decimals and units (`1.0`, `10 GiB`) to a whole number, rounded up. */
function whole(value: JsonValue | undefined): number {
  const number = Number.parseFloat(text(value));
  return Number.isFinite(number) && number > 0 ? Math.ceil(number) : 0;
}

function pick(allowed: string[], value: string): string | undefined {
  return allowed.includes(value.toUpperCase()) ? value.toUpperCase() : undefined;
}

function extensionOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
