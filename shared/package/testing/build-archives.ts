import { gzipSync } from 'node:zlib';
import yazl from 'yazl';

export interface TarItem {
  path: string;
  content?: string | Buffer;
  /** Type flag: 0 file, 1 hard link, 2 symbolic link, 3 device, 5 folder. */
  type?: string;
  target?: string;
}

export function buildTar(items: TarItem[]): Buffer {
  const blocks = items.flatMap((item) => {
    const content = Buffer.from(item.content ?? '');
    const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
    return [header(item, content.length), content, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

export function buildTarGz(items: TarItem[]): Buffer {
  return gzipSync(buildTar(items));
}

function header(item: TarItem, size: number): Buffer {
  const block = Buffer.alloc(512);
  block.write(item.path, 0, 100);
  block.write('0000644\0', 100);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.write('        ', 148);
  block.write(item.type ?? '0', 156);
  block.write(item.target ?? '', 157, 100);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

export async function buildZip(files: Record<string, string | Buffer>): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  for (const [path, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), path);
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
