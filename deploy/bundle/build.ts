/**
 * Writes `dist/`: what a release runs. Each program becomes one file, with chunks beside it for what is imported late. What
 * brings native code or files of its own stays a package and is found in `node_modules`.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { httpWithoutFetch } from './http-without-fetch.ts';
import { namedLateImports } from './named-late-imports.ts';
import { packagesKept } from './packages-kept.ts';

const projectFolder = fileURLToPath(new URL('../..', import.meta.url));
const outputFolder = path.join(projectFolder, 'dist');

/** CommonJS packages inside an ECMAScript module ask for Node's own modules with `require`. */
const requireForPackages = [
  "import { createRequire as bundleRequire } from 'node:module';",
  "import { dirname as bundleDirname } from 'node:path';",
  'const require = bundleRequire(import.meta.url);',
  'const __filename = import.meta.filename;',
  'const __dirname = bundleDirname(__filename);',
].join('');

await rm(outputFolder, { recursive: true, force: true });
await build({
  absWorkingDir: projectFolder,
  outdir: outputFolder,
  entryPoints: {
    agent: 'agent/main.ts',
    controller: 'controller/main.ts',
    skerry: 'controller/cli/bundled-skerry.ts',
    'machine-facts-process': 'agent/report/machine-facts-process.ts',
  },
  outExtension: { '.js': '.mjs' },
  chunkNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  external: [...packagesKept],
  plugins: [namedLateImports(), httpWithoutFetch()],
  minify: true,
  keepNames: true,
  sourcemap: 'external',
  legalComments: 'linked',
  banner: { js: requireForPackages },
  logLevel: 'warning',
});
