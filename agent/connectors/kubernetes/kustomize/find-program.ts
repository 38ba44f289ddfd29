import { access, constants } from 'node:fs/promises';
import path from 'node:path';

/** Absolute path of a program that is to run without a PATH of its own; the name itself when it is nowhere. */
export async function findProgram(program: string, search: string): Promise<string> {
  if (program.includes('/')) return path.resolve(program);
  for (const folder of search.split(path.delimiter)) {
    if (folder === '') continue;
    const file = path.join(folder, program);
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path.resolve(file);
  }
  return program;
}
