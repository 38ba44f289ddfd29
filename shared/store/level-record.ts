import { crc32 } from 'node:zlib';
import { SkerryError } from '../errors/index.ts';

/**
 * One record on disk: `<crc32, 8 hex digits><body>`. LevelDB's own checksums are not examined on every read, and do not
 * notice a block that its recovery dropped.
 */
export function sealRecord(body: string): string {
  return crc32(body).toString(16).padStart(8, '0') + body;
}

/** @throws SkerryError StoreDamaged */
export function openRecord(key: string, record: string): string {
  const body = record.slice(8);
  if (Number.parseInt(record.slice(0, 8), 16) !== crc32(body))
    throw storeDamaged(`The record ${key} fails its checksum`);
  return body;
}

export function storeDamaged(message: string, cause?: unknown): SkerryError {
  return new SkerryError('StoreDamaged', message, {
    cause,
    remedy:
      'Stop the controller, keep a copy of the store folder, restore the folder from the newest backup and start again; ' +
      'agents bring back what happened since.',
  });
}
