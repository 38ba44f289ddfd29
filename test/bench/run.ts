import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { Bench, BenchContext } from './bench.ts';
import { benches } from './benches/index.ts';
import type { Measurement } from './measurement.ts';
import { tableOf } from './table.ts';

const usage = `npm run bench -- [NAME…] [--quick] [-o json]\n\nbenches:\n${benches
  .map(({ name, title }) => `  ${name.padEnd(14)} ${title}`)
  .join('\n')}`;

/** Runs benches one after the other: they would measure each other otherwise. Goals that are missed are no failure. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      output: { type: 'string', short: 'o', default: 'table' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
  if (unknown.length > 0) throw new Error(`there is no bench ${unknown.join(', ')}\n${usage}`);
  const chosen = positionals.length === 0 ? benches : benches.filter(({ name }) => positionals.includes(name));
  const isJson = values.output === 'json';
  const results: { bench: string; title: string; measurements: Measurement[] }[] = [];
  const before = loadavg()[0];
  for (const bench of chosen) {
    const measurements = await runOne(bench, values.quick);
    results.push({ bench: bench.name, title: bench.title, measurements });
    if (!isJson) console.log(`\n${bench.title}\n${tableOf(measurements)}`);
  }
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, loadBefore: before, node: process.version };
  if (isJson) console.log(JSON.stringify({ machine, isQuick: values.quick, results }, null, 2));
  else console.log(`\n${summaryOf(results.flatMap((result) => result.measurements))}`);
}

function runOne(bench: Bench, isQuick: boolean): Promise<Measurement[]> {
  const context: BenchContext = {
    isQuick,
    count: (many, few) => (isQuick ? few : many),
    say: (text) => console.error(`${bench.name}: ${text}`),
  };
  return bench.run(context);
}

function summaryOf(rows: readonly Measurement[]): string {
  const goals = rows.flatMap((row) => row.goals.map((goal) => ({ ...goal, what: row.what })));
  const missed = goals.filter((goal) => !goal.isMet);
  const head = `${goals.length - missed.length} of ${goals.length} goals met on ${cpus().length} × ${cpus()[0]?.model}`;
  return [head, ...missed.map((goal) => `missed: ${goal.what}: ${goal.text}`)].join('\n');
}

await main();
process.exit(0);
