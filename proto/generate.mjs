// Generates proto/gen from proto/skerry with buf and ts-proto, both installed by npm; works offline.
// --check: exits 1 when the committed code is not what would be generated.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const bin = path.join(root, 'node_modules', '.bin');
const environment = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` };
const isCheck = process.argv.includes('--check');

function buf(...args) {
  const run = spawnSync(path.join(bin, 'buf'), args, { cwd: root, stdio: 'inherit', env: environment });
  if (run.status !== 0) process.exit(run.status ?? 1);
}

function contents(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => statSync(path.join(folder, name)).isFile());
  return new Map(files.sort().map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]));
}

buf('lint');
if (!isCheck) {
  buf('generate', '--template', 'proto/buf.gen.yaml');
} else {
  const scratch = mkdtempSync(path.join(tmpdir(), 'skerry-proto-'));
  try {
    buf('generate', '--template', 'proto/buf.gen.yaml', '--output', scratch);
    const fresh = contents(path.join(scratch, 'proto', 'gen'));
    const committed = contents(path.join(root, 'proto', 'gen'));
    const stale = [...new Set([...fresh.keys(), ...committed.keys()])].filter(
      (name) => fresh.get(name) !== committed.get(name),
    );
    for (const name of stale)
      console.error(`proto/gen/${name} is not what proto/generate.mjs makes; run npm run proto`);
    if (stale.length > 0) process.exitCode = 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
