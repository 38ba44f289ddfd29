/**
 * The rooms rule as code (ARCHITECTURE.md): which folder may import which. Prints one line per breach and exits 1.
 * Biome knows no folder layers, and the rule is small enough to read here whole.
 */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Layers inside a room, lowest first; a folder may import from its own layer's folders only itself, and any lower layer. */
const layers: Record<string, string[][]> = {
  controller: [
    ['keys.ts', 'context.ts', 'version.ts'],
    ['decide', 'unique-name.ts', 'retry-conflicts.ts', 'resolve-chart.ts'],
    ['intent-book', 'identity', 'notify'],
    ['lcm', 'catalog', 'charts', 'inventory', 'clusters', 'assurance'],
    ['northbound', 'agentlink', 'telemetry'],
    ['config.ts', 'compose.ts'],
    ['main.ts'],
  ],
  agent: [
    ['plan', 'version.ts'],
    ['store', 'journal'],
    ['intent', 'seek', 'report', 'policy', 'artefacts'],
    ['link', 'connectors', 'local', 'telemetry'],
    ['config.ts', 'compose.ts'],
    ['main.ts'],
  ],
};
/** Rooms that a room may import, beside itself. */
const rooms: Record<string, string[]> = {
  proto: [],
  shared: ['proto'],
  controller: ['shared', 'proto'],
  agent: ['shared', 'proto'],
  test: ['shared', 'controller', 'agent', 'proto', 'deploy'],
  deploy: ['shared'],
};

const breaches: string[] = [];
for (const file of globSync('{proto,shared,controller,agent,deploy}/**/*.ts', {
  exclude: (name) => name.includes('node_modules'),
})) {
  if (file.startsWith('proto/gen')) continue;
  const isTest = file.endsWith('.test.ts');
  const text = readFileSync(file, 'utf8');
  for (const match of text.matchAll(/^(?:import|export)\s(type\s)?[^'"]*?from\s+'([^']+)'|import\('([^']+)'\)/gms)) {
    const isTypeOnly = match[1] !== undefined;
    const target = resolveImport(file, match[2] ?? match[3] ?? '');
    if (target !== undefined && !isTest) judge(file, target, isTypeOnly);
  }
  if (!isTest) judgeInjection(file, text);
}

function resolveImport(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (specifier.startsWith('.')) return path.posix.join(path.posix.dirname(file), specifier);
  return undefined;
}

function judge(file: string, target: string, isTypeOnly: boolean): void {
  const [from = '', fromFolder = ''] = file.split('/');
  const [to = '', toFolder = ''] = target.split('/');
  if (from !== to) {
    // The command line is a client of both sides' public APIs and of the agent's local socket.
    if (file.startsWith('controller/cli/') && target.startsWith('agent/local/')) return;
    if (!rooms[from]?.includes(to)) breaches.push(`${file}: ${from} may not import ${target}`);
    return;
  }
  const order = layers[from];
  if (order === undefined || fromFolder === toFolder || fromFolder === 'cli' || isTypeOnly) return;
  const own = order.findIndex((layer) => layer.includes(fromFolder));
  const other = order.findIndex((layer) => layer.includes(toFolder));
  if (own >= 0 && other >= own)
    breaches.push(`${file}: ${fromFolder} may not import ${toFolder} (same or higher layer)`);
}

/** Clock, randomness and environment are injected, so that a fleet can be simulated. */
function judgeInjection(file: string, text: string): void {
  if (!/^(controller|agent|shared)\//.test(file) || /shared\/runtime\/|config\.ts$|\/cli\//.test(file)) return;
  text.split('\n').forEach((line, index) => {
    if (/\b(Date\.now\(\)|Math\.random\(\)|process\.env\b)/.test(line) && !/^\s*(\*|\/\/)/.test(line))
      breaches.push(`${file}:${index + 1}: takes time, chance or environment by itself`);
  });
}

for (const breach of breaches) console.error(breach);
if (breaches.length > 0) {
  console.error(`${breaches.length} breaches of the rooms rule; see ARCHITECTURE.md`);
  process.exit(1);
}
