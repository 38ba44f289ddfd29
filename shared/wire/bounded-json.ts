import { SkerryError } from '../errors/index.ts';

const maxDepth = 64;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** JSON from a peer: bounded in size and depth before it is parsed. @throws SkerryError ProtocolViolation */
export function parseBoundedJson(bytes: Uint8Array, maxBytes: number): unknown {
  if (bytes.length > maxBytes) throw violation(`a body of ${bytes.length} bytes is above the ${maxBytes} allowed`);
  if (depthOf(bytes) > maxDepth) throw violation(`a body is nested deeper than ${maxDepth}`);
  try {
    return JSON.parse(decoder.decode(bytes)) as unknown;
  } catch (cause) {
    throw violation('a body is not JSON', cause);
  }
}

export function violation(message: string, cause?: unknown): SkerryError {
  return new SkerryError('ProtocolViolation', `The peer broke the sync protocol: ${message}`, {
    remedy: 'both sides must run versions that know each other; look for a proxy that changes what passes',
    cause,
  });
}

function depthOf(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (isInString) {
      if (byte === 0x5c) index++;
      else if (byte === 0x22) isInString = false;
    } else if (byte === 0x22) isInString = true;
    else if (byte === 0x7b || byte === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return deepest;
}
