import assert from 'node:assert/strict';
import { packChart, webTemplates, webValues } from '../../kubernetes/charts.ts';
import type { BenchContext } from '../bench.ts';
import { type Measurement, measured } from '../measurement.ts';
import { type KubernetesRig, releaseObject } from './rig.ts';

/**
 * One change of a web server whose pods really run: from the commit in the controller until the controller knows that the
 * cluster has it and it is ready; against Helm making the same change of the same chart and waiting for it. In turn.
 */
export async function upgrade(rig: KubernetesRig, context: BenchContext): Promise<Measurement[]> {
  const { file } = await packChart(rig.home, { name: 'web', templates: webTemplates, values: webValues() });
  const chart = await rig.addChart(file);
  const ours = await rig.makeNamespace('upgrade');
  const helms = await rig.makeNamespace('upgrade-helm');
  const byAgent = (greeting: string) => rig.makeReady([releaseObject('web', ours, chart, { greeting })]);
  const byHelm = async (greeting: string) => {
    const beganMs = performance.now();
    await rig.run('helm', [
      'upgrade',
      '--install',
      'web',
      file,
      '--wait',
      '-n',
      helms,
      '--set',
      `greeting=${greeting}`,
    ]);
    return performance.now() - beganMs;
  };
  await byAgent('first');
  await byHelm('first');
  const samples: number[] = [];
  const bare: number[] = [];
  for (let n = 0; n < context.count(10, 2); n += 1) {
    context.say(`change ${n + 1}`);
    samples.push(await byAgent(`greeting-${n}`));
    await assertRolledOut(rig, ours, `greeting-${n}`);
    bare.push(await byHelm(`greeting-${n}`));
  }
  await rig.remove([releaseObject('web', ours, chart).key], ours);
  return [
    measured({
      what: 'a change of a running web server, commit to Ready as the controller knows',
      samples,
      bare: { what: 'helm upgrade --wait', samples: bare },
      goals: [{ of: 'ratio', atMost: 1.2 }],
    }),
  ];
}

/** What is called ready runs the new version, and nothing of the old one. */
async function assertRolledOut(rig: KubernetesRig, namespace: string, greeting: string): Promise<void> {
  const found = await rig.cluster.get('apps/v1', 'Deployment', { namespace, name: 'web' });
  const { replicas, updatedReplicas, availableReplicas } = (found?.status ?? {}) as Record<string, unknown>;
  assert.deepEqual(
    { replicas, updatedReplicas, availableReplicas },
    { replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
  );
  assert.ok(JSON.stringify(found?.spec).includes(greeting));
}
