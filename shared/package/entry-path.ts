import { PackageFault } from './package-fault.ts';

/**
 * A path as an archive states it → its parts below the archive's root. Refuses whatever could lead elsewhere.
 * @throws PackageFault UnsafePath
 */
export function entryParts(path: string, maxLength: number): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const shown = path.slice(0, 120).replace(/[^\x20-\x7e]/g, '?');
  const refuse = (message: string) =>
    new PackageFault('UnsafePath', shown, message, 'use plain relative paths inside the package');
  if (path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path)) throw refuse('an absolute path');
  if (parts.includes('..')) throw refuse("a path with '..'");
  if (hasOddCharacters(path)) throw refuse('a path with control characters or backslashes');
  if (path.length > maxLength || parts.some((part) => Buffer.byteLength(part) > 255))
    throw refuse('a path that is too long');
  return parts;
}

function hasOddCharacters(path: string): boolean {
  for (let at = 0; at < path.length; at++) {
    const code = path.charCodeAt(at);
    if (code < 0x20 || code === 0x7f || code === 0x5c) return true;
  }
  return false;
}

/** What archivers of other systems leave behind. */
export function isLitter(parts: string[]): boolean {
  const name = parts.at(-1) ?? '';
  return name.startsWith('._') || name === '.DS_Store' || parts[0] === '__MACOSX';
}
