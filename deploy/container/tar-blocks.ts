/** One entry of a tar archive: a file with its content, a folder or a symbolic link. */
export interface TarEntry {
  /** Without a leading slash; folders without a trailing one. */
  path: string;
  mode: number;
  /** Owner and group; default: root. */
  ownerId?: number;
  kind: 'file' | 'folder' | 'link';
  /** Of a link. */
  target?: string;
  /** Of a file. */
  sizeBytes?: number;
}

const blockBytes = 512;
const types = { file: '0', link: '2', folder: '5' };
const longestName = 100;
const longestPrefix = 155;

/** The header of an entry (POSIX.1-1988 ustar), its time fixed at 0, so that the same files make the same archive. */
export function tarHeader({ path, mode, ownerId = 0, kind, target = '', sizeBytes = 0 }: TarEntry): Buffer {
  const header = Buffer.alloc(blockBytes);
  const [prefix, name] = splitName(kind === 'folder' ? `${path}/` : path);
  const number = (value: number, at: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  if (Buffer.byteLength(target) > longestName) throw new Error(`${path} points to a name that is too long`);
  header.write(name, 0);
  number(mode, 100, 8);
  number(ownerId, 108, 8);
  number(ownerId, 116, 8);
  number(sizeBytes, 124, 12);
  number(0, 136, 12);
  header.write('        ', 148, 'latin1');
  header.write(types[kind], 156, 'latin1');
  header.write(target, 157);
  header.write('ustar\x0000', 257, 'latin1');
  header.write(prefix, 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** What fills a file's last block. */
export function tarPadding(sizeBytes: number): Buffer {
  return Buffer.alloc((blockBytes - (sizeBytes % blockBytes)) % blockBytes);
}

export const tarEnd = Buffer.alloc(2 * blockBytes);

function splitName(path: string): [prefix: string, name: string] {
  if (Buffer.byteLength(path) <= longestName) return ['', path];
  const at = path.indexOf('/', Math.max(0, path.length - longestName - 1));
  const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
  if (at <= 0 || name === '' || Buffer.byteLength(name) > longestName || Buffer.byteLength(prefix) > longestPrefix)
    throw new Error(`${path} is too long for a tar archive`);
  return [prefix, name];
}
