import { parseArgs } from 'node:util';
import { kubeconfigFile } from '../../kubernetes/cluster.ts';
import type { BenchContext } from '../bench.ts';
import type { Measurement } from '../measurement.ts';
import { tableOf } from '../table.ts';
import { converge } from './converge.ts';
import { keep } from './keep.ts';
import { memory } from './memory.ts';
import { KubernetesRig } from './rig.ts';
import { upgrade } from './upgrade.ts';

/** Each with an agent of its own. */
const benches: Record<string, (rig: KubernetesRig, context: BenchContext) => Promise<Measurement[]>> = {
  converge,
  keep,
  upgrade,
  memory,
};

/** `npm run bench:kubernetes -- [NAME…] [--quick] [-o json]`, with the variables of test/kubernetes/cluster.ts. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      output: { type: 'string', short: 'o', default: 'table' },
    },
  });
  const unknown = positionals.filter((name) => !Object.hasOwn(benches, name));
  if (unknown.length > 0)
    throw new Error(`there is no ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);
  if (kubeconfigFile === undefined) throw new Error('set SKERRY_TEST_KUBECONFIG to an administrator’s kubeconfig');
  const results: Record<string, Measurement[]> = {};
  for (const [name, bench] of Object.entries(benches)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const context: BenchContext = {
      isQuick: values.quick,
      count: (many, few) => (values.quick ? few : many),
      say: (text) => console.error(`${name}: ${text}`),
    };
    const rows = await KubernetesRig.with(kubeconfigFile, (rig) => bench(rig, context));
    results[name] = rows;
    if (values.output !== 'json') console.log(`\n${name}\n${tableOf(rows)}`);
  }
  if (values.output === 'json') console.log(JSON.stringify({ isQuick: values.quick, results }, null, 2));
}

await main();
process.exit(0);
