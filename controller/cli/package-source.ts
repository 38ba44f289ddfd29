import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { PackageKind, SkerryApi } from './api.ts';
import { CliError, exitCodes } from './exit-codes.ts';

export interface PackageSource {
  path: string;
  /** Folder or file name. */
  name: string;
  kind: PackageKind;
  contentType: string;
  fileName: string;
  open(): Promise<Readable>;
}

const maxDescriptorBytes = 4 * 2 ** 20;
const nsWords = /^\s*["']?(?:etsi-nfv-nsd:|nsd:)?(?:nsd|nsd-catalog)["']?\s*:/m;
const vnfWords = /^\s*["']?(?:etsi-nfv-vnfd:|vnfd:)?(?:vnfd|vnfd-catalog)["']?\s*:/m;

/** Finds out what a folder, archive or bare descriptor is and how to send it; folders become OSM's tar.gz on the way. */
export async function openPackageSource(place: string, wanted?: PackageKind): Promise<PackageSource> {
  const resolved = path.resolve(place);
  const facts = await stat(resolved).catch(() => {
    throw new CliError(exitCodes.notFound, `${place} does not exist`);
  });
  const name = path.basename(resolved);
  if (facts.isDirectory()) {
    return {
      path: place,
      name,
      kind: wanted ?? (await kindOfFolder(resolved)),
      contentType: 'application/gzip',
      fileName: `${name}.tar.gz`,
      open: () => packFolder(resolved),
    };
  }
  return {
    path: place,
    name,
    kind: wanted ?? (await kindOfFile(resolved)),
    contentType: contentTypeOf(name),
    fileName: name,
    open: async () => createReadStream(resolved),
  };
}

/** Onboards one package. @returns the id of the new resource; nothing is left of it when the content is refused */
export async function onboardPackage(api: SkerryApi, source: PackageSource): Promise<string> {
  const { id } = await api.createPackage(source.kind);
  try {
    const { contentType, fileName } = source;
    await api.uploadPackage(source.kind, id, { source: await source.open(), contentType, fileName });
  } catch (error) {
    await api.deletePackage(source.kind, id).catch(() => {});
    throw error;
  }
  return id;
}

async function packFolder(folder: string): Promise<Readable> {
  const { create } = await import('tar');
  // The same folder gives the same bytes: no owner, no times.
  const stream = create({ gzip: true, portable: true, mtime: new Date(0), cwd: path.dirname(folder) }, [
    path.basename(folder),
  ]);
  return stream as unknown as Readable;
}

async function kindOfFolder(folder: string): Promise<PackageKind> {
  const names = (await readdir(folder)).filter((name) => /\.(ya?ml|json)$/.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readDescriptor(path.join(folder, name))));
  return kindOfTexts(texts, folder);
}

async function kindOfFile(file: string): Promise<PackageKind> {
  if (/\.(ya?ml|json)$/.test(file)) return kindOfTexts([await readDescriptor(file)], file);
  if (/\.(zip|csar)$/.test(file)) return kindOfZip(file);
  return kindOfTarGz(file);
}

async function kindOfTarGz(file: string): Promise<PackageKind> {
  const { list } = await import('tar');
  const texts: string[] = [];
  await list({
    file,
    filter: (name, entry) => /^[^/]*\/?[^/]+\.(ya?ml|json)$/.test(name) && (entry.size ?? 0) <= maxDescriptorBytes,
    onReadEntry: (entry) => {
      let text = '';
      entry.on('data', (chunk) => {
        text += chunk.toString('utf8');
      });
      entry.on('end', () => texts.push(text));
    },
  }).catch((error: Error) => {
    throw new CliError(exitCodes.failed, `${file} cannot be read: ${error.message}`);
  });
  return kindOfTexts(texts, file);
}

function kindOfZip(file: string): Promise<PackageKind> {
  // The descriptor of a CSAR may lie anywhere; its manifest is named by the keys that SOL004 and SOL007 ask for.
  return import('yauzl').then(
    ({ open }) =>
      new Promise<PackageKind>((resolve, reject) => {
        const texts: string[] = [];
        open(file, { lazyEntries: true }, (error, zip) => {
          if (error !== null) return reject(new CliError(exitCodes.failed, `${file} cannot be read: ${error.message}`));
          zip.on('entry', (entry: { fileName: string; uncompressedSize: number }) => {
            const isText = /\.(ya?ml|json|mf)$/.test(entry.fileName) && entry.uncompressedSize <= maxDescriptorBytes;
            if (!isText) return zip.readEntry();
            zip.openReadStream(entry as never, (failure, stream) => {
              if (failure !== null) return reject(failure);
              let text = '';
              stream.on('data', (chunk: Buffer) => {
                text += chunk.toString('utf8');
              });
              stream.on('error', reject);
              stream.on('end', () => {
                texts.push(text);
                zip.readEntry();
              });
            });
          });
          zip.on('error', reject);
          zip.on('end', () => {
            try {
              resolve(kindOfTexts(texts, file));
            } catch (failure) {
              reject(failure);
            }
          });
          zip.readEntry();
        });
      }),
  );
}

function kindOfTexts(texts: string[], place: string): PackageKind {
  if (texts.some((text) => nsWords.test(text) || /^\s*nsd_(?:designer|name|invariant_id)\s*:/m.test(text))) return 'ns';
  if (texts.some((text) => vnfWords.test(text) || /^\s*vnfd?_(?:id|provider_id|product_name)\s*:/m.test(text)))
    return 'vnf';
  throw new CliError(
    exitCodes.failed,
    `${place} holds neither a VNFD nor an NSD`,
    'see `skerry package validate`, or say which it is with --kind vnf or --kind ns',
  );
}

async function readDescriptor(file: string): Promise<string> {
  const { size } = await stat(file);
  return size > maxDescriptorBytes ? '' : readFile(file, 'utf8');
}

function contentTypeOf(name: string): string {
  if (/\.(zip|csar)$/.test(name)) return 'application/zip';
  if (/\.json$/.test(name)) return 'application/json';
  if (/\.ya?ml$/.test(name)) return 'application/yaml';
  return 'application/gzip';
}
