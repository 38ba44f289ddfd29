import type { FastifyReply } from 'fastify';
import { ZipFile } from 'yazl';

export interface ArchivedFile {
  /** Name in the archive. */
  name: string;
  /** Absolute. */
  path: string;
}

/** Answers with a ZIP made while it is sent. The same files give the same bytes: entries carry no time of their own. */
export function sendArchive(reply: FastifyReply, fileName: string, files: readonly ArchivedFile[]): FastifyReply {
  const archive = new ZipFile();
  const output = archive.outputStream as unknown as NodeJS.ReadableStream & { destroy(error: Error): void };
  archive.on('error', (error: Error) => output.destroy(error));
  for (const { name, path } of files) archive.addFile(path, name, { mtime: new Date(0), mode: 0o100644 });
  archive.end();
  return reply
    .type('application/zip')
    .header('content-disposition', `attachment; filename="${fileName.replace(/[^\w.+-]/g, '_')}"`)
    .send(output);
}
