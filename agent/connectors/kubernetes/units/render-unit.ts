import type { DesiredUnit, HelmReleaseSpec, ManifestsSpec, WorkloadSpec } from '#shared/connector/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { JsonObject } from '#shared/model/json.ts';
import { Turnstile } from '#shared/runtime/index.ts';
import type { ApiResources } from '../api/api-resources.ts';
import { type ChartFinder, findChart } from '../helm/find-chart.ts';
import { type RenderTools, renderChart } from '../helm/render-chart.ts';
import { setReplicas } from '../helm/replica-values.ts';
import type { SiteRegistry } from '../kubernetes-settings.ts';
import { type KustomizeProgram, renderFolder } from '../kustomize/render-folder.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { annotatePods } from '../objects/own-labels.ts';
import { openList } from '../objects/parse-manifests.ts';
import { isSystemNamespace } from './parse-spec.ts';
import { pullFromSite } from './site-images.ts';
import type { Release } from './unit-record.ts';

export interface UnitRendererOptions {
  resources: ApiResources;
  tools: RenderTools;
  charts: ChartFinder;
  /** kubectl or kustomize, for folders with a kustomization. */
  kustomize: KustomizeProgram;
  /** Other kinds than charts and manifests. */
  others: Partial<Record<string, (unit: DesiredUnit, signal: AbortSignal) => Promise<RenderedParts>>>;
  defaultNamespace: string;
  /** Where images that travel with a unit are pulled from. */
  imageRegistry?: SiteRegistry;
  namespaces?: readonly string[];
}

export type RenderedUnit = Pick<Release, 'objects' | 'hooks' | 'timeoutS' | 'chart' | 'values' | 'releaseName'> & {
  namespace: string;
  /** Made once when they are not there; never changed, never removed. */
  definitions: KubeObject[];
  /** Facts that are known without looking. */
  facts?: JsonObject;
};

/** What a kind without charts makes of its spec. */
export type RenderedParts = Pick<RenderedUnit, 'objects' | 'facts'> & { namespace?: string };

const defaultTimeoutS = 300;
const networksAnnotation = 'k8s.v1.cni.cncf.io/networks';

/** A unit's spec → the objects that it stands for. Nothing of the cluster is changed. */
export class UnitRenderer {
  readonly #options: UnitRendererOptions;
  /** Each program takes a core and tens of megabytes while it runs; a node has few of both. */
  readonly #programs = new Turnstile(2);

  constructor(options: UnitRendererOptions) {
    this.#options = options;
  }

  /** @throws SkerryError PlatformRefused (it cannot be rendered), PlatformUnavailable (the chart is not here yet) */
  async render(unit: DesiredUnit, isUpgrade: boolean, signal: AbortSignal): Promise<RenderedUnit> {
    const rendered = await this.#render(unit, isUpgrade, signal);
    const { networks, replicas, images } = unit.spec as unknown as Partial<WorkloadSpec>;
    const { imageRegistry } = this.#options;
    if (images !== undefined && imageRegistry !== undefined)
      pullFromSite([...rendered.objects, ...rendered.hooks], images, imageRegistry);
    if (replicas !== undefined) setReplicas(rendered.objects, replicas);
    if (networks !== undefined && networks.length > 0) this.#join(unit, networks, rendered.objects);
    for (const object of [...rendered.objects, ...rendered.hooks, ...rendered.definitions])
      await this.#place(object, rendered.namespace, signal);
    return { ...rendered, objects: unique([...rendered.objects]) };
  }

  async #render(unit: DesiredUnit, isUpgrade: boolean, signal: AbortSignal): Promise<RenderedUnit> {
    const { resources, tools, charts, kustomize, others, defaultNamespace } = this.#options;
    const none = { hooks: [], definitions: [] };
    const spec = unit.spec as JsonObject;
    const namespace = typeof spec['namespace'] === 'string' ? spec['namespace'] : defaultNamespace;
    const timeoutS = typeof spec['timeoutS'] === 'number' ? spec['timeoutS'] : defaultTimeoutS;
    if (unit.kind === 'helm-release') {
      const release = unit.spec as unknown as HelmReleaseSpec;
      const [kubeVersion, apiVersions] = await Promise.all([
        resources.serverVersion(signal),
        resources.versions(signal),
      ]);
      const rendered = await this.#programs.run(() =>
        findChart(charts, release, signal, (chartFile) =>
          renderChart(tools, { spec: release, chartFile, isUpgrade, kubeVersion, apiVersions, signal }),
        ),
      );
      for (const object of [...rendered.objects, ...rendered.hooks]) markAsHelms(object, release);
      return { ...rendered, namespace, timeoutS, releaseName: release.name };
    }
    if (unit.kind === 'manifests') {
      const { objects, folderDigest } = unit.spec as unknown as ManifestsSpec;
      const fromFolder =
        folderDigest === undefined
          ? []
          : await renderFolder(kustomize, await charts.artefact(folderDigest, signal), signal);
      const inline = (objects ?? []).flatMap((object, index) => openList(object, `object ${index + 1}`));
      return { ...none, objects: [...fromFolder, ...structuredClone(inline)], namespace, timeoutS };
    }
    const make = others[unit.kind];
    if (make === undefined) throw new SkerryError('PlatformRefused', `This cluster makes no ${unit.kind}`);
    return { ...none, namespace, timeoutS, ...(await make(unit, signal)) };
  }

  /** Every pod joins the networks, unless the chart's author says which. */
  #join(unit: DesiredUnit, networks: NonNullable<WorkloadSpec['networks']>, objects: readonly KubeObject[]): void {
    const names = networks.flatMap(({ networkKey }) => {
      const attachment = unit.dependencies[networkKey]?.facts['attachment'];
      return typeof attachment === 'string' ? [attachment] : [];
    });
    if (names.length === 0) return;
    for (const object of objects) annotatePods(object, networksAnnotation, names.join(','));
  }

  /** Objects without a namespace go to the unit's; none goes where it must not. */
  async #place(object: KubeObject, namespace: string, signal: AbortSignal): Promise<void> {
    const { resources, namespaces } = this.#options;
    const resource = await resources.find(object.apiVersion, object.kind, signal);
    const isClusterWide = resource !== undefined && !resource.isNamespaced;
    if (isClusterWide) {
      delete object.metadata.namespace;
      return;
    }
    object.metadata.namespace ??= namespace;
    const target = object.metadata.namespace;
    if (isSystemNamespace(target))
      throw new SkerryError('PlatformRefused', `${object.kind} ${object.metadata.name} would go to ${target}`, {
        remedy: 'What belongs to the cluster itself is not changed by packages; choose another namespace.',
      });
    if (namespaces !== undefined && !namespaces.includes(target))
      throw new SkerryError('PlatformRefused', `Namespace ${target} is not one that this infra may use`, {
        remedy: `Use one of ${namespaces.slice(0, 5).join(', ')}, or change the infra’s setting namespaces.`,
      });
  }
}

/** Labels by which Helm's own tools know what is theirs, should the release be handed over to them. */
function markAsHelms(object: KubeObject, { name, namespace }: HelmReleaseSpec): void {
  const { metadata } = object;
  metadata.labels = { ...metadata.labels, 'app.kubernetes.io/managed-by': 'Helm' };
  metadata.annotations = {
    ...metadata.annotations,
    'meta.helm.sh/release-name': name,
    'meta.helm.sh/release-namespace': namespace,
  };
}

/** Of two with one name the later wins, as it would when both are applied. */
function unique(objects: readonly KubeObject[]): KubeObject[] {
  const byName = new Map<string, KubeObject>();
  for (const object of objects) {
    const { namespace = '', name } = object.metadata;
    byName.set(`${object.apiVersion}/${object.kind}/${namespace}/${name}`, object);
  }
  return [...byName.values()];
}
