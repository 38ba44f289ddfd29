import type { TextFault } from './text-fault.ts';

/**
 * Bytes → text with line feeds: UTF-8 or UTF-16 in either order, with or without a byte order mark (YAML 1.2 clause 5.2). Offsets
 * of what is returned are those that a person counts.
 */
export function decodeText(source: string | Uint8Array, maxChars: number): { text: string; fault?: TextFault } {
  if (source.length > maxChars) {
    const message = `the descriptor is larger than ${maxChars / 2 ** 20} MiB`;
    return { text: '', fault: { code: 'TooLarge', offset: 0, message, remedy: 'move large parts into files' } };
  }
  if (typeof source === 'string') return { text: withLineFeeds(source.replace(/^\uFEFF/, '')) };
  const encoding = encodingOf(source);
  const text = withLineFeeds(new TextDecoder(encoding).decode(source));
  const offset = text.indexOf('\uFFFD');
  if (offset < 0 || isWhole(source, encoding)) return { text };
  const message = `the bytes here are not ${encoding.toUpperCase()}`;
  return { text, fault: { code: 'Encoding', offset, message, remedy: 'save the file as UTF-8' } };
}

/** A descriptor begins with ASCII, so a zero among the first two bytes gives UTF-16 away. */
function encodingOf([first, second]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return 'utf-16be';
  return 'utf-8';
}

function isWhole(source: Uint8Array, encoding: string): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(source);
    return true;
  } catch {
    return false;
  }
}

/** A lone carriage return breaks lines too (YAML 1.2 clause 5.4); before a line feed it is no more than white space. */
function withLineFeeds(text: string): string {
  return text.includes('\r') ? text.replace(/\r(?!\n)/g, '\n') : text;
}
