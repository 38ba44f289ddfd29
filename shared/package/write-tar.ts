const blockBytes = 512;

export interface TarFile {
  path: string;
  bytes: Buffer;
}

/**
 * One and the same archive for the same files, whoever packs them: sorted, mode 0644, no owner, no time (POSIX ustar, pax records
 * for long names).
 */
export function writeTar(files: readonly TarFile[]): Buffer {
  const sorted = [...files].sort((left, right) => (left.path < right.path ? -1 : 1));
  const blocks = sorted.flatMap(({ path, bytes }) => [...headers(path, bytes.length), bytes, padding(bytes.length)]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)]);
}

function headers(path: string, size: number): Buffer[] {
  const name = Buffer.from(path);
  if (name.length <= 100) return [header(name, size, '0')];
  const record = paxRecord('path', path);
  const short = Buffer.from(`long-name-${name.length}`);
  return [header(short, record.length, 'x'), record, padding(record.length), header(short, size, '0')];
}

/** Its length counts itself. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length += 1;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

function header(name: Buffer, size: number, type: string): Buffer {
  const block = Buffer.alloc(blockBytes);
  name.copy(block, 0);
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.write('        ', 148);
  block.write(type, 156);
  block.write('ustar\0', 257);
  block.write('00', 263);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function padding(size: number): Buffer {
  return Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);
}
