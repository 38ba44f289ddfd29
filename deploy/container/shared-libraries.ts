import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

/** Loaded by the C library itself, by name, where it is older than 2.34. */
const nameServices = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2'];

/** The shared libraries that programs and native modules need on this machine, loader included, as absolute paths. */
export function sharedLibraries(programs: readonly string[]): string[] {
  const found = new Set<string>();
  for (const program of programs) {
    const { stdout, stderr, status, error } = spawnSync('ldd', [program], { encoding: 'utf8' });
    if (error !== undefined) throw new Error('ldd is needed to find shared libraries', { cause: error });
    // A program that brings everything with it.
    if (/not a dynamic executable|statically linked/.test(`${stdout}${stderr}`)) continue;
    if (status !== 0) throw new Error(`ldd ${program}: ${stderr.trim()}`);
    for (const line of stdout.split('\n')) {
      if (/=> not found/.test(line)) throw new Error(`${program} needs ${line.trim()}`);
      const [file] = /\/\S+(?= \(0x)/.exec(line) ?? [];
      if (file !== undefined) found.add(file);
    }
  }
  const libc = [...found].find((file) => /\/libc\.so/.test(file));
  if (libc !== undefined)
    for (const name of nameServices) {
      const file = path.join(path.dirname(libc), name);
      if (existsSync(file)) found.add(file);
    }
  return [...found].sort();
}
