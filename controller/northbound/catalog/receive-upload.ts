import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import multipart from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { SkerryError } from '#shared/errors/index.ts';
import type { Upload, UploadedFile } from '../../catalog/catalog.ts';
import type { NorthboundApp } from '../plugin.ts';

/** Media types of packages and bare descriptors, as found with clients of SOL005 and OSM. */
export const contentTypes = [
  'application/zip',
  'application/gzip',
  'application/x-gzip',
  'application/x-tar',
  'application/octet-stream',
  'application/binary',
  'application/yaml',
  'application/x-yaml',
  'text/yaml',
  'text/x-yaml',
  'text/plain',
  'application/json',
  'application/vnd.etsi.nfv.csar+zip',
];

/** Runs `register` in a scope where bodies of these types stay streams; `multipart/form-data` gives its field `file`. */
export async function withUploads(app: NorthboundApp, register: (scope: NorthboundApp) => void): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    await scope.register(multipart, { limits: { files: 1, fields: 20, fieldSize: 64 * 1024, fileSize: Infinity } });
    scope.addContentTypeParser(contentTypes, (_request, payload, done) => done(null, payload));
    register(scope as unknown as NorthboundApp);
  });
}

/** Stated length of the body; undefined when it comes in chunks. */
export function statedBytes(request: FastifyRequest): number | undefined {
  const length = Number(request.headers['content-length']);
  return Number.isSafeInteger(length) && length >= 0 ? length : undefined;
}

/**
 * Writes the body to the upload's file: limited while it streams, hashed, compared with `Content-File-MD5`, `Content-MD5`,
 * `Digest` and `Content-Digest` (RFC 3230, RFC 9530). Discards the upload when that fails.
 * @throws TooLarge, Conflict (digest differs), DiskFull, BadRequest
 */
export async function receiveUpload(request: FastifyRequest, upload: Upload): Promise<UploadedFile> {
  try {
    const part = await openBody(request);
    const received = await writeLimited(part.stream, upload);
    verifyDigests(request, received);
    return { path: upload.path, fileName: part.fileName, contentType: part.contentType, ...received.facts };
  } catch (error) {
    await upload.discard();
    throw translate(error);
  }
}

interface Received {
  facts: { bytes: number; sha256: string };
  md5: Buffer;
}

/** Writes a stream to the upload's file and hashes it. */
export async function writeLimited(stream: Readable, upload: Pick<Upload, 'path' | 'maxBytes'>): Promise<Received> {
  const hashes: [Hash, Hash] = [createHash('sha256'), createHash('md5')];
  let bytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > upload.maxBytes) return done(tooLarge(upload.maxBytes));
      for (const hash of hashes) hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(stream, meter, createWriteStream(upload.path, { flags: 'wx', mode: 0o600 }));
  if (bytes === 0) throw new SkerryError('BadRequest', 'The body is empty', { remedy: 'send the package as the body' });
  return { facts: { bytes, sha256: hashes[0].digest('hex') }, md5: hashes[1].digest() };
}

async function openBody(request: FastifyRequest): Promise<{ stream: Readable; fileName: string; contentType: string }> {
  const contentType = mediaType(request.headers['content-type'] ?? '');
  if (contentType !== 'multipart/form-data') {
    if (request.body === undefined || request.body === null) throw emptyBody();
    const fileName = statedFileName(request) ?? `package${extensions[contentType] ?? ''}`;
    return { stream: request.body as Readable, fileName, contentType };
  }
  const part = await request.file();
  if (part?.fieldname !== 'file') {
    part?.file.resume();
    throw new SkerryError('BadRequest', 'The form has no file in the field "file"', {
      remedy: 'name the form field "file", or send the package as the body itself',
    });
  }
  return { stream: part.file, fileName: part.filename || 'package', contentType: mediaType(part.mimetype) };
}

const extensions: Record<string, string> = {
  'application/zip': '.zip',
  'application/gzip': '.tar.gz',
  'application/x-gzip': '.tar.gz',
  'application/yaml': '.yaml',
  'application/x-yaml': '.yaml',
  'text/yaml': '.yaml',
  'text/x-yaml': '.yaml',
  'text/plain': '.yaml',
  'application/json': '.json',
};

/** `Content-Disposition`, or the header that OSM's client sends. */
function statedFileName(request: FastifyRequest): string | undefined {
  const disposition = request.headers['content-disposition'] ?? '';
  const name = /filename="?([^";]{1,200})"?/i.exec(disposition)?.[1] ?? request.headers['content-filename'];
  return typeof name === 'string' && name !== '' ? path.posix.basename(name.slice(0, 200)) : undefined;
}

function verifyDigests(request: FastifyRequest, received: Received): void {
  const { headers } = request;
  const own: Record<string, Buffer> = { md5: received.md5, 'sha-256': Buffer.from(received.facts.sha256, 'hex') };
  const fileMd5 = headers['content-file-md5'];
  if (typeof fileMd5 === 'string') requireSame('Content-File-MD5', fileMd5.trim().toLowerCase(), own['md5']!, 'hex');
  const md5 = headers['content-md5'];
  if (typeof md5 === 'string') requireSame('Content-MD5', md5.trim(), own['md5']!, 'base64');
  for (const name of ['digest', 'content-digest'] as const) {
    const value = headers[name];
    if (typeof value !== 'string') continue;
    for (const part of value.split(',')) {
      const [, algorithm = '', digest = ''] = /^\s*([\w-]+)=:?([^:]*):?\s*$/.exec(part) ?? [];
      const mine = own[algorithm.toLowerCase()];
      if (mine !== undefined) requireSame(name, digest, mine, 'base64');
    }
  }
}

function requireSame(header: string, stated: string, own: Buffer, encoding: 'hex' | 'base64'): void {
  if (stated === own.toString(encoding)) return;
  throw new SkerryError('Conflict', `The header ${header} does not fit the bytes that came`, {
    remedy: 'send the file again; it was changed on its way or the digest is of another file',
    details: { received: own.toString(encoding), stated: stated.slice(0, 200) },
  });
}

function mediaType(header: string): string {
  return header.split(';', 1)[0]!.trim().toLowerCase();
}

function translate(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new SkerryError('DiskFull', 'The disk of the artefact store is full', {
      remedy: 'delete packages that are not needed, or give the controller a larger disk',
      cause: error,
    });
  }
  if (code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET') {
    return new SkerryError('BadRequest', 'The upload ended before all of it had come', { cause: error });
  }
  return error;
}

function tooLarge(maxBytes: number): SkerryError {
  return new SkerryError('TooLarge', `A package may have at most ${maxBytes} bytes`, {
    remedy: 'leave images out of the package and name them by their place at the VIM',
  });
}

function emptyBody(): SkerryError {
  return new SkerryError('BadRequest', 'The body is empty', {
    remedy: `send the package as the body, as one of ${contentTypes.slice(0, 3).join(', ')} and others`,
  });
}
