/**
 * Makes a container image of the agent without a container engine, a base image or a network: the bundle, this project's own
 * Node, the libraries that it needs, and the programs that are given. The same inputs make the same image, byte for byte.
 *
 *   npm run bundle
 *   npm run image -- --tag skerry-agent:0.1.0 --helm /usr/local/bin/helm --kubectl /usr/local/bin/kubectl --out skerry-agent.tar
 */
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { rootCertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { processSettings } from '#shared/runtime/process-flags.ts';
import { bundleFiles, packageFiles } from './bundle-files.ts';
import { type ImageConfig, writeImage } from './image-archive.ts';
import { type LayerItems, writeLayer } from './layer.ts';
import { sharedLibraries } from './shared-libraries.ts';

const projectFolder = fileURLToPath(new URL('../..', import.meta.url));
const userId = 10001;
const home = 'var/lib/skerry';
const appFolder = 'opt/skerry';
/** The agent, the command that looks at it, and what the agent starts for a moment. */
const programs = ['agent', 'skerry', 'machine-facts-process'];
const architectures: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };

async function main(): Promise<void> {
  const { tag, out, helm, kubectl } = readArguments();
  const node = findNode();
  const app = bundleFiles(projectFolder, programs);
  const natives = app.packages.flatMap((name) =>
    packageFiles(path.join(projectFolder, 'node_modules', name))
      .filter((file) => file.endsWith('.node'))
      .map((file) => path.join(projectFolder, 'node_modules', name, file)),
  );
  const given = { helm, kubectl };
  const tools = Object.entries(given).flatMap(([name, file]) => (file === undefined ? [] : [{ name, file }]));
  const libraries = sharedLibraries([node, ...natives, ...tools.map(({ file }) => file)]);
  const scratch = mkdtempSync(path.join(tmpdir(), 'skerry-image-'));
  try {
    const contents = [runtimeItems(node, libraries), toolItems(tools), appItems(app)].filter((items) => items.size > 0);
    const layers = [];
    for (const [index, items] of contents.entries())
      layers.push(await writeLayer(items, path.join(scratch, `layer-${index}`)));
    const digest = await writeImage(out, tag, imageConfig(), layers);
    console.log(`${out}: ${tag}, ${(statSync(out).size / 2 ** 20).toFixed(1)} MiB, ${digest}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function readArguments(): { tag: string; out: string; helm?: string; kubectl?: string } {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { tag: text, out: text, helm: text, kubectl: text } });
  const { tag = `skerry-agent:${projectVersion()}`, out = 'skerry-agent.tar', ...tools } = values;
  if (!/^[a-z0-9][\w./:-]*:[\w][\w.-]{0,127}$/.test(tag)) throw new Error(`--tag ${tag}: a name with a tag is wanted`);
  for (const [name, file] of Object.entries(tools))
    if (!existsSync(file)) throw new Error(`--${name} ${file}: there is no such file`);
  return { tag, out, ...tools };
}

function projectVersion(): string {
  return JSON.parse(readFileSync(path.join(projectFolder, 'package.json'), 'utf8')).version;
}

/** The Node of this project's dependencies, not whatever runs this. */
function findNode(): string {
  const file = path.join(projectFolder, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');
  if (existsSync(file)) return file;
  throw new Error(`${file} is not there: images are built on Linux (x64 or arm64) after npm ci`);
}

function runtimeItems(node: string, libraries: readonly string[]): LayerItems {
  const items: LayerItems = new Map([
    ['usr/local/bin/node', { kind: 'file', mode: 0o755, from: node }],
    ['usr/share/licenses/node', { kind: 'file', from: path.join(node, '..', '..', 'LICENSE') }],
    ['etc/passwd', { kind: 'file', content: `root:x:0:0::/:\nskerry:x:${userId}:${userId}::/${home}:\n` }],
    ['etc/group', { kind: 'file', content: `root:x:0:\nskerry:x:${userId}:\n` }],
    ['etc/nsswitch.conf', { kind: 'file', content: 'passwd: files\ngroup: files\nhosts: files dns\n' }],
    ['etc/ssl/certs/ca-certificates.crt', { kind: 'file', content: `${rootCertificates.join('\n')}\n` }],
    ['tmp', { kind: 'folder', mode: 0o1777 }],
    [home, { kind: 'folder', mode: 0o700, ownerId: userId }],
  ]);
  // Where the loader of this machine looks for them, it looks in the image.
  for (const file of libraries) items.set(file.slice(1), { kind: 'file', mode: 0o755, from: realpathSync(file) });
  return items;
}

function toolItems(tools: readonly { name: string; file: string }[]): LayerItems {
  return new Map(
    tools.map(({ name, file }) => [
      `usr/local/bin/${name}`,
      { kind: 'file', mode: 0o755, from: realpathSync(file) } as const,
    ]),
  );
}

function appItems({ files, packages }: ReturnType<typeof bundleFiles>): LayerItems {
  const items: LayerItems = new Map([
    ['usr/local/bin/skerry', { kind: 'file', mode: 0o755, content: skerryCommand() }],
    [`${appFolder}/package.json`, { kind: 'file', content: '{"type":"module"}\n' }],
    [`${appFolder}/LICENSE`, { kind: 'file', from: path.join(projectFolder, 'LICENSE') }],
  ]);
  for (const file of files) items.set(`${appFolder}/${file}`, { kind: 'file', from: path.join(projectFolder, file) });
  for (const name of packages) {
    const folder = path.join(projectFolder, 'node_modules', name);
    for (const file of packageFiles(folder))
      items.set(`${appFolder}/node_modules/${name}/${file}`, { kind: 'file', from: path.join(folder, file) });
  }
  return items;
}

/** A script without a shell: there is none in the image. */
function skerryCommand(): string {
  return `#!/usr/local/bin/node\nimport('/${appFolder}/dist/skerry.mjs');\n`;
}

function imageConfig(): ImageConfig {
  const { flags, environment } = processSettings.agent;
  const variables = { PATH: '/usr/local/bin', SKERRY_HOME: `/${home}`, ...environment };
  const version = projectVersion();
  return {
    architecture: architectures[process.arch] ?? process.arch,
    os: 'linux',
    config: {
      User: `${userId}:${userId}`,
      Env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
      Entrypoint: ['/usr/local/bin/node', ...flags, `/${appFolder}/dist/agent.mjs`],
      WorkingDir: '/',
      Labels: {
        'org.opencontainers.image.title': 'skerry-agent',
        'org.opencontainers.image.version': version,
        'org.opencontainers.image.licenses': 'Apache-2.0',
      },
    },
  };
}

await main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
