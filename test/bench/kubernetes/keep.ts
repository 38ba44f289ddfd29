import { setTimeout as wait } from 'node:timers/promises';
import type { JsonObject } from '#shared/model/json.ts';
import { nodeSelector, testImage } from '../../kubernetes/cluster.ts';
import type { BenchContext } from '../bench.ts';
import { type Measurement, measured } from '../measurement.ts';
import { twentyObjects } from './releases.ts';
import { type KubernetesRig, manifestsObject, releaseObject } from './rig.ts';

type Kind = [apiVersion: string, kind: string, name: (release: string) => string];
const kinds: Kind[] = [
  ['v1', 'ConfigMap', (release) => `${release}-configmap-0`],
  ['apps/v1', 'Deployment', (release) => `${release}-deployment-0`],
];

/** A thousand objects that are as they should be: what it costs to keep them so, and how soon one that goes is back. */
export async function keep(rig: KubernetesRig, context: BenchContext): Promise<Measurement[]> {
  const chart = await twentyObjects(rig);
  const namespace = await rig.makeNamespace('keep');
  const releases = Array.from({ length: context.count(50, 5) }, (_, n) => `kept-${n}`);
  const objects = releases.map((name) => releaseObject(name, namespace, chart));
  await rig.makeReady(objects);
  context.say('nothing happens');
  // Facts of the infra are asked for once more after changes.
  await wait(context.count(10_000, 3000));
  const calls = await idleCalls(rig, context.count(330_000, 15_000));
  context.say('objects are deleted');
  const repairs: Measurement[] = [];
  for (const [apiVersion, kind, nameIn] of kinds) {
    const samples: number[] = [];
    for (const release of releases.slice(0, context.count(20, 3)))
      samples.push(await repairMs(rig, [apiVersion, kind], { namespace, name: nameIn(release) }));
    repairs.push(measured({ what: `${kind} deleted to there again`, samples, goals: [{ of: 'p90', atMost: 2000 }] }));
  }
  const pods = await podRepairs(rig, await rig.makeNamespace('pods'), context.count(10, 2));
  const removedMs = await rig.remove(
    objects.map(({ key }) => key),
    namespace,
  );
  return [
    ...calls,
    ...repairs,
    measured({ what: 'Pod deleted to there again', samples: pods, goals: [{ of: 'p90', atMost: 2000 }] }),
    measured({ what: 'the releases removed, to the last object', samples: [removedMs] }),
  ];
}

async function idleCalls(rig: KubernetesRig, ms: number): Promise<Measurement[]> {
  const from = rig.proxy.calls.length;
  await wait(ms);
  const perMinute = (count: number) => (count * 60_000) / ms;
  const requests = rig.requests('agent', from);
  const watches = rig.proxy.calls.slice(from).filter((call) => call.isWatch);
  const paths = [...new Set(requests.map(({ path }) => path))];
  return [
    measured({
      what: 'API calls a minute, nothing happens',
      unit: '/min',
      samples: [perMinute(requests.length)],
      goals: [{ of: 'median', atMost: 0 }],
      note: `over ${ms / 1000} s${paths.length > 0 ? `: ${paths.join(' ')}` : ''}`,
    }),
    measured({ what: 'watches begun a minute', unit: '/min', samples: [perMinute(watches.length)] }),
  ];
}

async function repairMs(
  rig: KubernetesRig,
  [apiVersion, kind]: [string, string],
  place: { namespace: string; name: string },
): Promise<number> {
  const before = await rig.cluster.get(apiVersion, kind, place);
  const beganMs = performance.now();
  await rig.cluster.delete(apiVersion, kind, place);
  for (;;) {
    const found = await rig.cluster.get(apiVersion, kind, place);
    if (found !== undefined && found.metadata.uid !== before?.metadata.uid) return performance.now() - beganMs;
    if (performance.now() - beganMs > 60_000) throw new Error(`${kind} ${place.name} does not come back`);
    await wait(5);
  }
}

/** Pods of their own, which no controller of the cluster makes anew. */
async function podRepairs(rig: KubernetesRig, namespace: string, count: number): Promise<number[]> {
  const units = Array.from({ length: count }, (_, n) => manifestsObject(`pod-${n}`, namespace, [barePod(`pod-${n}`)]));
  await rig.makeReady(units);
  const samples: number[] = [];
  for (let n = 0; n < count; n += 1) samples.push(await repairMs(rig, ['v1', 'Pod'], { namespace, name: `pod-${n}` }));
  return samples;
}

function barePod(name: string): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 0,
      nodeSelector: nodeSelector(),
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'main', image: testImage, command: ['sleep', '3600'] }],
    },
  };
}
