import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { packagesKept } from '../bundle/packages-kept.ts';

export interface BundleFiles {
  /** Programs and the chunks that they load, as paths below the project's folder. */
  files: string[];
  /** Packages that are not in the bundle because they bring native code or files of their own. */
  packages: string[];
}

/** Left out of packages: what only building and reading need, and builds for another C library. */
const unneeded =
  /(^|\/)(deps|src|test|tests|docs|\.github)\/|(^|\/)\.[^/]+$|\.(md|map|gyp|gypi|cc|c|h|ts|mts|cts|markdown|musl\.node)$/;

/** What a set of programs of the bundle needs, found by following what their files import. */
export function bundleFiles(projectFolder: string, programs: readonly string[]): BundleFiles {
  const files = new Set<string>();
  const named = new Set<string>();
  const queue = programs.map((program) => `dist/${program}.mjs`);
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (files.has(file)) continue;
    const whole = path.join(projectFolder, file);
    if (!existsSync(whole)) throw new Error(`${file} is not there: run npm run bundle first`);
    files.add(file);
    const text = readFileSync(whole, 'utf8');
    for (const [, chunk] of text.matchAll(/["'`]\.\/([\w.-]+\.mjs)["'`]/g))
      if (existsSync(path.join(projectFolder, 'dist', chunk!))) queue.push(`dist/${chunk}`);
    for (const name of packagesKept) if (text.includes(`"${name}"`) || text.includes(`'${name}'`)) named.add(name);
    if (existsSync(`${whole}.LEGAL.txt`)) files.add(`${file}.LEGAL.txt`);
  }
  return { files: [...files].sort(), packages: withDependencies(projectFolder, named) };
}

/** Files of one package that a running program may need on this platform, relative to the package. */
export function packageFiles(folder: string): string[] {
  const platform = `${process.platform}-${process.arch}`;
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((file) => !unneeded.test(file))
    .filter((file) => !file.startsWith('prebuilds/') || file.startsWith(`prebuilds/${platform}/`))
    .sort();
}

function withDependencies(projectFolder: string, named: ReadonlySet<string>): string[] {
  const all = new Set<string>();
  const queue = [...named];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const file = path.join(projectFolder, 'node_modules', name, 'package.json');
    // Of a package's own builds for many platforms, npm installs the one that fits.
    if (all.has(name) || !existsSync(file)) continue;
    all.add(name);
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(file, 'utf8'));
    queue.push(...Object.keys(dependencies), ...Object.keys(optionalDependencies));
  }
  return [...all].sort();
}
