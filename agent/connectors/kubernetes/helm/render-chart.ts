import type { HelmReleaseSpec } from '#shared/connector/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { type ParsedObject, parseManifests } from '../objects/parse-manifests.ts';
import type { ChartFacts } from '../units/unit-record.ts';
import { readChartArchive } from './chart-archive.ts';
import { mergeValues, replicaValues } from './replica-values.ts';
import { runProgram } from './run-program.ts';

export interface RenderTools {
  helm: string;
  /** What Helm may see of the environment: PATH and homes of its own. */
  environment: Record<string, string | undefined>;
  /** A kubeconfig for a chart that looks things up in its namespace; it works only while `use` runs. */
  withLookup<T>(namespace: string, signal: AbortSignal, use: (kubeconfig: string) => Promise<T>): Promise<T>;
}

export interface RenderRequest {
  spec: HelmReleaseSpec;
  /** A .tgz on this node. */
  chartFile: string;
  isUpgrade: boolean;
  kubeVersion: string;
  apiVersions: readonly string[];
  signal: AbortSignal;
}

export interface RenderedChart {
  objects: KubeObject[];
  hooks: KubeObject[];
  /** From the chart's `crds/`: made once, never changed or removed, as Helm has it. */
  definitions: KubeObject[];
  chart: ChartFacts;
  values: Record<string, unknown>;
}

const renderTimeoutMs = 60_000;
const maxOutputBytes = 32 * 2 ** 20;

/** A chart and its values → objects, by the `helm` program (3.8 or newer, 4). @throws SkerryError as runProgram */
export async function renderChart(tools: RenderTools, request: RenderRequest): Promise<RenderedChart> {
  const { spec, chartFile, signal } = request;
  const archive = await readChartArchive(chartFile);
  const values = mergeValues(replicaValues(archive.values, spec.replicas ?? {}), spec.values ?? {});
  const args = argumentsOf(request);
  const run = (more: readonly string[]) =>
    runProgram({
      program: tools.helm,
      args: [...args, ...more],
      input: JSON.stringify(values),
      environment: tools.environment,
      timeoutMs: renderTimeoutMs,
      maxOutputBytes,
      signal,
    });
  // Rendering needs no cluster, unless a template asks for what is there.
  const text = archive.usesLookup
    ? await tools.withLookup(spec.namespace, signal, (kubeconfig) =>
        run(['--dry-run=server', '--kubeconfig', kubeconfig]),
      )
    : await run([]);
  const parsed = await parseManifests(text, `chart ${archive.facts.name}`);
  return { ...sortOut(parsed), chart: archive.facts, values };
}

function argumentsOf({ spec, chartFile, isUpgrade, kubeVersion, apiVersions }: RenderRequest): string[] {
  if (spec.name.startsWith('-') || spec.namespace.startsWith('-'))
    throw new SkerryError('PlatformRefused', 'A release or namespace cannot begin with a dash');
  return [
    'template',
    spec.name,
    chartFile,
    '--namespace',
    spec.namespace,
    '--include-crds',
    '--skip-tests',
    '--kube-version',
    kubeVersion,
    ...apiVersions.flatMap((version) => ['--api-versions', version]),
    ...(isUpgrade ? ['--is-upgrade'] : []),
    '--values',
    '-',
  ];
}

function sortOut(parsed: readonly ParsedObject[]): Pick<RenderedChart, 'objects' | 'hooks' | 'definitions'> {
  const isHook = ({ object }: ParsedObject) => object.metadata.annotations?.['helm.sh/hook'] !== undefined;
  const isDefinition = ({ object, source }: ParsedObject) =>
    object.kind === 'CustomResourceDefinition' && /(^|\/)crds\//.test(source);
  const of = (isWanted: (item: ParsedObject) => boolean) => parsed.filter(isWanted).map(({ object }) => object);
  return {
    hooks: of(isHook),
    definitions: of((item) => !isHook(item) && isDefinition(item)),
    objects: of((item) => !isHook(item) && !isDefinition(item)),
  };
}
