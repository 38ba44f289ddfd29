#!/usr/bin/env node
// The `skerry` command. Plain JavaScript that any Node from 18 can run: it hands over to the pinned Node 24 that npm
// installed beside the project, because the rest is TypeScript that only a newer Node runs as it stands.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { constants } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ownFolder = path.dirname(fileURLToPath(import.meta.url));
const projectFolder = path.resolve(ownFolder, '..', '..');

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 18)) await runHere();
else handOver();

async function runHere() {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') console.error(`${warning.name}: ${warning.message}`);
  });
  nodeModule.enableCompileCache?.(path.join(projectFolder, 'node_modules', '.cache', 'skerry'));
  const { main } = await import(pathToFileURL(path.join(ownFolder, 'main.ts')).href);
  process.exitCode = await main(process.argv.slice(2));
}

function handOver() {
  const node = findPinnedNode();
  if (node === undefined) {
    console.error(
      `skerry: Node ${process.versions.node} is too old and the pinned Node 24 is not installed; ` +
        'run `npm ci` without --omit=optional in the project folder, or install Node 22.18 or newer',
    );
    process.exit(2);
  }
  const child = spawn(
    node,
    ['--disable-warning=ExperimentalWarning', fileURLToPath(import.meta.url), ...process.argv.slice(2)],
    {
      stdio: 'inherit',
      env: { ...process.env, SKERRY_LAUNCHED_AT: String(Math.round(performance.timeOrigin)) },
    },
  );
  // A terminal sends Ctrl-C to the whole group; the child decides when it is done, this process only waits.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => signal !== 'SIGINT' && child.kill(signal));
  child.on('error', (error) => {
    console.error(`skerry: cannot start ${node}: ${error.message}`);
    process.exit(2);
  });
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0));
  });
}

/** node_modules may lie in this project, or above it when Skerry itself was installed as a dependency. */
function findPinnedNode() {
  const name = `node-${process.platform}-${process.arch}`;
  for (let folder = projectFolder; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, 'node_modules', name, 'bin', 'node');
    if (existsSync(candidate)) return candidate;
    if (folder === path.dirname(folder)) return undefined;
  }
}
