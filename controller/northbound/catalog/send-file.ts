import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SkerryError } from '#shared/errors/index.ts';
import { entityTag } from '../sol013/index.ts';

export interface SentFile {
  /** Absolute. */
  path: string;
  contentType: string;
  /** Changes with the content: a digest. */
  revision: string;
  fileName?: string;
}

/** Answers with a file or one range of it (RFC 9110 section 14; ETSI GS NFV-SOL 013 clause 5.7). */
export async function sendFile(request: FastifyRequest, reply: FastifyReply, file: SentFile): Promise<FastifyReply> {
  const { size } = await stat(file.path);
  const tag = entityTag(file.revision);
  reply.header('accept-ranges', 'bytes').header('etag', tag).type(file.contentType);
  if (file.fileName !== undefined) {
    const name = file.fileName.replace(/[^\w.+-]/g, '_');
    reply.header('content-disposition', `attachment; filename="${name}"`);
  }
  const range = isRangeWanted(request, tag) ? parseRange(request.headers.range, size) : undefined;
  if (range === 'unsatisfiable') {
    reply.header('content-range', `bytes */${size}`);
    throw new SkerryError('RangeNotSatisfiable', `The range lies outside of the file, which has ${size} bytes`);
  }
  if (range === undefined) return reply.header('content-length', size).send(createReadStream(file.path));
  const { start, end } = range;
  reply.code(206).header('content-range', `bytes ${start}-${end}/${size}`);
  return reply.header('content-length', end - start + 1).send(createReadStream(file.path, { start, end }));
}

/** Media type of a file inside a package, by its name; never one that a browser would run. */
export function mediaTypeOf(name: string): string {
  return mediaTypes[path.posix.extname(name).toLowerCase()] ?? 'application/octet-stream';
}

const mediaTypes: Record<string, string> = {
  '.yaml': 'text/plain; charset=utf-8',
  '.yml': 'text/plain; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/plain; charset=utf-8',
  '.mf': 'text/plain; charset=utf-8',
  '.meta': 'text/plain; charset=utf-8',
  '.sh': 'text/plain; charset=utf-8',
  '.cfg': 'text/plain; charset=utf-8',
  '.zip': 'application/zip',
  '.csar': 'application/zip',
  '.tgz': 'application/gzip',
  '.gz': 'application/gzip',
  '.png': 'image/png',
};

function isRangeWanted(request: FastifyRequest, tag: string): boolean {
  const condition = request.headers['if-range'];
  return condition === undefined || condition === tag;
}

/** One byte range; several, and what is no range, are answered with the whole file. */
function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  if (match[1] === '') {
    const length = Math.min(Number(match[2]), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 };
  }
  const start = Number(match[1]);
  const end = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (match[2] !== '' && Number(match[2]) < start) return undefined;
  return start >= size ? 'unsatisfiable' : { start, end };
}
