import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { BenchContext } from '../bench.ts';
import { type Measurement, measured } from '../measurement.ts';
import { objectsPerRelease, twentyObjects } from './releases.ts';
import { type Chart, type KubernetesRig, releaseObject } from './rig.ts';

const runProgram = promisify(execFile);

interface Round {
  /** Until the last object was made. */
  ms: number;
  /** Until all was ready, as the controller knows. */
  readyMs?: number;
  calls: number;
}

/** Many small releases from nothing, against Helm and kubectl making the same objects in the same cluster. */
export async function converge(rig: KubernetesRig, context: BenchContext): Promise<Measurement[]> {
  const chart = await twentyObjects(rig);
  const releases = context.count(50, 5);
  const rounds: Record<'agent' | 'helm' | 'kubectl' | 'piped', Round[]> = {
    agent: [],
    helm: [],
    kubectl: [],
    piped: [],
  };
  for (let round = 0; round < context.count(3, 1); round += 1) {
    context.say(`${releases} releases, round ${round + 1}`);
    const names = Array.from({ length: releases }, (_, n) => `release-${round}-${n}`);
    rounds.kubectl.push(await byKubectl(rig, chart, names));
    rounds.piped.push(await byTemplateAndKubectl(rig, chart, names));
    rounds.helm.push(await byHelm(rig, chart, names));
    rounds.agent.push(await byAgent(rig, chart, names));
  }
  const count = releases * objectsPerRelease;
  const times = (program: keyof typeof rounds) => rounds[program].map(({ ms }) => ms);
  const calls = (program: keyof typeof rounds) => rounds[program].map((round) => round.calls / count);
  const what = `${count} objects of ${releases} releases`;
  return [
    measured({
      what: `${what}, commit to the last of them made`,
      samples: times('agent'),
      bare: { what: 'helm install, 4 at once', samples: times('helm') },
      goals: [{ of: 'ratio', atMost: 1 }],
    }),
    measured({
      what: 'the same against kubectl, charts rendered in its time, too',
      samples: times('agent'),
      bare: { what: 'helm template | kubectl apply --server-side, 4 at once', samples: times('piped') },
      goals: [{ of: 'ratio', atMost: 1 }],
    }),
    measured({
      what: 'the same against kubectl, which renders nothing',
      samples: times('agent'),
      bare: { what: 'kubectl apply --server-side', samples: times('kubectl') },
      goals: [{ of: 'ratio', atMost: 1 }],
    }),
    measured({
      what: 'the same to all ready, as the controller knows',
      samples: rounds.agent.map(({ readyMs }) => readyMs ?? Number.NaN),
      note: 'waits for the cluster’s own controllers, which helm install and kubectl apply do not',
    }),
    measured({
      what: 'API calls per object',
      unit: '',
      samples: calls('agent'),
      bare: { what: 'helm install', samples: calls('helm') },
      goals: [{ of: 'ratio', atMost: 0.999 }],
    }),
    measured({
      what: 'API calls per object, against kubectl release by release',
      unit: '',
      samples: calls('agent'),
      bare: { what: 'helm template | kubectl apply', samples: calls('piped') },
      goals: [{ of: 'ratio', atMost: 0.999 }],
    }),
    measured({
      what: 'API calls per object, against kubectl with all at once',
      unit: '',
      samples: calls('agent'),
      bare: { what: 'kubectl apply', samples: calls('kubectl') },
      goals: [{ of: 'ratio', atMost: 0.999 }],
    }),
  ];
}

async function byAgent(rig: KubernetesRig, chart: Chart, names: readonly string[]): Promise<Round> {
  const namespace = await rig.makeNamespace('agent');
  const from = rig.proxy.calls.length;
  const objects = names.map((name) => releaseObject(name, namespace, chart));
  const beganMs = performance.now();
  const readyMs = await rig.makeReady(objects);
  const requests = rig.requests('agent', from);
  const made = requests.filter((call) => call.method === 'PATCH' && !isBook(call.path));
  const ms = Math.max(...made.map(({ answeredMs }) => answeredMs ?? 0)) - beganMs;
  const calls = requests.length;
  await rig.remove(
    objects.map(({ key }) => key),
    namespace,
  );
  return { ms, readyMs, calls };
}

/** The agent's and Helm's own records. */
function isBook(path: string): boolean {
  return /\/secrets\/(skerry|sh\.helm)\./.test(path);
}

async function byHelm(rig: KubernetesRig, chart: Chart, names: readonly string[]): Promise<Round> {
  const namespace = await rig.makeNamespace('helm');
  const from = rig.proxy.calls.length;
  const ms = await fourAtOnce(names, (name) =>
    rig.run('helm', ['install', name, chart.file, '--namespace', namespace]),
  );
  return { ms, calls: rig.requests('helm', from).length };
}

async function byTemplateAndKubectl(rig: KubernetesRig, chart: Chart, names: readonly string[]): Promise<Round> {
  const namespace = await rig.makeNamespace('piped');
  const from = rig.proxy.calls.length;
  const ms = await fourAtOnce(names, async (name) => {
    const { stdout } = await runProgram('helm', ['template', name, chart.file, '--namespace', namespace]);
    const file = path.join(rig.home, `${name}.yaml`);
    await writeFile(file, stdout);
    await rig.run('kubectl', ['apply', '--server-side', '--namespace', namespace, '-f', file]);
  });
  return { ms, calls: rig.requests('kubectl', from).length };
}

/** Milliseconds that all of it took. */
async function fourAtOnce(names: readonly string[], run: (name: string) => Promise<void>): Promise<number> {
  const beganMs = performance.now();
  const waiting = [...names];
  const worker = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await run(name);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return performance.now() - beganMs;
}

/** What it applies is rendered before the clock starts. */
async function byKubectl(rig: KubernetesRig, chart: Chart, names: readonly string[]): Promise<Round> {
  const namespace = await rig.makeNamespace('kubectl');
  const texts: string[] = [];
  for (const name of names) {
    const { stdout } = await runProgram('helm', ['template', name, chart.file, '--namespace', namespace]);
    texts.push(stdout);
  }
  const file = path.join(rig.home, 'all.yaml');
  await writeFile(file, texts.join('\n---\n'));
  const from = rig.proxy.calls.length;
  const beganMs = performance.now();
  await rig.run('kubectl', ['apply', '--server-side', '--namespace', namespace, '-f', file]);
  return { ms: performance.now() - beganMs, calls: rig.requests('kubectl', from).length };
}
