import { setTimeout as wait } from 'node:timers/promises';
import { inParallel } from '#agent/connectors/kubernetes/objects/in-parallel.ts';
import type { KubeObject } from '#agent/connectors/kubernetes/objects/kube-object.ts';
import type { BenchContext } from '../bench.ts';
import { type Measurement, measured } from '../measurement.ts';
import { bareNodeMib, residentMib } from '../resident-memory.ts';
import { twentyObjects } from './releases.ts';
import { type KubernetesRig, releaseObject } from './rig.ts';

const nodeName = 'skerry-bench';

/** What the agent takes with many objects of its own, and very many that are not. */
export async function memory(rig: KubernetesRig, context: BenchContext): Promise<Measurement[]> {
  const bare = await bareNodeMib();
  const settle = () => wait(context.count(60_000, 10_000));
  await settle();
  const idleMib = await residentMib(rig.agentPid);
  const own = await rig.makeNamespace('memory');
  const foreign = await rig.makeNamespace('foreign');
  const chart = await twentyObjects(rig);
  const objects = Array.from({ length: context.count(50, 5) }, (_, n) => releaseObject(`memory-${n}`, own, chart));
  await rig.makeReady(objects);
  await settle();
  const ownMib = await residentMib(rig.agentPid);
  const count = context.count(10_000, 1000);
  context.say(`${count} objects of others`);
  try {
    await makeForeign(rig, foreign, count);
    await settle();
    const allMib = await residentMib(rig.agentPid);
    const rows = [
      ['agent with an empty cluster', idleMib],
      [`agent with ${objects.length * 20} objects of its own`, ownMib],
      [`the same beside ${count} objects of others, half of them pods`, allMib],
    ] as const;
    return rows.map(([what, mib], index) =>
      measured({
        what,
        unit: 'MiB',
        samples: [mib],
        bare: { what: 'node with nothing', samples: [bare] },
        goals: index === 2 ? [{ of: 'median', atMost: 100 }] : [],
      }),
    );
  } finally {
    await removeForeign(rig, foreign);
    await rig.remove(
      objects.map(({ key }) => key),
      own,
    );
  }
}

/** Half config maps, half pods on a node that nobody runs: nothing in the cluster works for them. */
async function makeForeign(rig: KubernetesRig, namespace: string, count: number): Promise<void> {
  await rig.cluster.create({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: nodeName },
    spec: { unschedulable: true },
  });
  const items = Array.from({ length: count }, (_, n) =>
    n % 2 === 0 ? foreignConfigMap(namespace, `foreign-${n}`) : foreignPod(namespace, `foreign-${n}`),
  );
  await inParallel(items, 8, async (item) => {
    await rig.cluster.create(item);
  });
}

function foreignConfigMap(namespace: string, name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { text: 'x'.repeat(1000) } };
}

function foreignPod(namespace: string, name: string): KubeObject {
  const resources = { requests: { cpu: '1m', memory: '1Mi' } };
  const containers = [{ name: 'main', image: 'lab.local/none:1', resources }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: name } },
    spec: { nodeName, automountServiceAccountToken: false, tolerations: [{ operator: 'Exists' }], containers },
  };
}

async function removeForeign(rig: KubernetesRig, namespace: string): Promise<void> {
  for (const plural of ['pods', 'configmaps'])
    await rig.cluster.api.request({
      method: 'DELETE',
      path: `/api/v1/namespaces/${namespace}/${plural}`,
      body: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 },
      signal: AbortSignal.timeout(120_000),
    });
  await rig.cluster.delete('v1', 'Node', { name: nodeName });
}
