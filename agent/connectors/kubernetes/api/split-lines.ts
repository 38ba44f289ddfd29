import { SkerryError } from '#shared/errors/index.ts';

const newline = 0x0a;

/**
 * Lines of a byte stream, decoded whole: a character may lie in two chunks, but never in two lines. A last line without an
 * end is cut off and left out.
 * @throws SkerryError PlatformUnavailable for a line over the limit
 */
export async function* splitLines(chunks: AsyncIterable<Buffer>, maxLineBytes: number): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      const last = chunk.subarray(from, at);
      from = at + 1;
      if (size + last.length > maxLineBytes) throw tooLong(maxLineBytes);
      const line = parts.length === 0 ? last.toString('utf8') : Buffer.concat([...parts, last]).toString('utf8');
      parts = [];
      size = 0;
      if (line.trim() !== '') yield line;
    }
    if (from === chunk.length) continue;
    parts.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > maxLineBytes) throw tooLong(maxLineBytes);
  }
}

function tooLong(maxLineBytes: number): SkerryError {
  return new SkerryError('PlatformUnavailable', `A line of a watch is longer than ${maxLineBytes} bytes.`);
}
