import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Connector, InfraConfig } from '#shared/connector/index.ts';
import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { OwnerId } from '#shared/model/ids.ts';
import type { Clock, Logger, Random } from '#shared/runtime/index.ts';
import {
  type ClusterEndpoint,
  createApiResources,
  createKubernetesApi,
  createReflector,
  inClusterEndpoint,
  readKubeconfig,
} from './api/index.ts';
import { ClusterWatch } from './cluster/cluster-watch.ts';
import type { ChartFinder } from './helm/find-chart.ts';
import { findHelm } from './helm/find-helm.ts';
import { withLookupWindow } from './helm/lookup-window.ts';
import type { RenderTools } from './helm/render-chart.ts';
import { KubernetesConnector, type RoomEvents } from './kubernetes-connector.ts';
import { type KubernetesSettings, readKubernetesSettings } from './kubernetes-settings.ts';
import { ObjectWriter } from './objects/object-writer.ts';
import { otherKinds } from './units/other-kinds.ts';
import { OwnedWorld } from './units/owned-world.ts';
import { OwnerRoom } from './units/owner-room.ts';
import { ReleaseProgress } from './units/release-progress.ts';
import { UnitRenderer } from './units/render-unit.ts';
import { UnitNamespaces } from './units/unit-namespaces.ts';
import { UnitSteps } from './units/unit-steps.ts';

/** What the agent's own configuration says about clusters; never the controller. */
export interface KubernetesPrograms {
  /** `helm`, 3.8 or newer. */
  helm: string;
  /** `kubectl` or `kustomize`. */
  kustomize: string;
  /** PATH that programs are given. */
  path: string;
  /** A kubeconfig may name a command that prints credentials. */
  allowsExec: boolean;
  /** Of the pod that the agent runs in. */
  serviceHost?: string;
  servicePort?: string;
}

export interface KubernetesInfraOptions {
  infra: InfraConfig;
  /** For charts that are pulled here, and Helm's own files. */
  home: string;
  programs: KubernetesPrograms;
  fetchArtefact?: (digest: string, signal?: AbortSignal) => Promise<string>;
  pushImages?: PushImages;
  clock: Clock;
  random: Random;
  log: Logger;
}

/** Brings images that travel with a unit to the site's registry. */
export type PushImages = (
  images: readonly { reference: string; digest: string }[],
  registry: NonNullable<KubernetesSettings['imageRegistry']>,
  signal: AbortSignal,
) => Promise<void>;

/** @throws SkerryError PlatformRefused (settings, kubeconfig), PlatformAuth */
export async function openKubernetesInfra(options: KubernetesInfraOptions): Promise<Connector> {
  const { infra, programs, clock, random, log } = options;
  const parsed = readKubernetesSettings(infra.settings);
  if (!parsed.ok) throw parsed.error;
  const settings = parsed.value;
  const folder = path.join(options.home, 'kubernetes', infra.infraId);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const environment = environmentOf(programs, folder);
  const endpoint = await openAccess(settings, programs);
  const api = createKubernetesApi({ endpoint, clock, log, environment: { PATH: programs.path } });
  const resources = createApiResources({ api, clock, log });
  const tools: RenderTools = {
    helm: programs.helm,
    environment,
    withLookup: (namespace, signal, use) =>
      withLookupWindow({ api, namespace, folder, token: random.hex(24), signal }, use),
  };
  const charts: ChartFinder = {
    helm: programs.helm,
    environment,
    folder,
    artefact: (digest, signal) => artefactOf(options, digest, signal),
  };
  const shared = { api, resources, createReflector, clock, random, log, ...placesOf(settings) };
  const renderer = new UnitRenderer({
    ...{ resources, tools, charts, kustomize: { program: programs.kustomize, path: programs.path } },
    ...placesOf(settings),
    defaultNamespace: settings.defaultNamespace,
    ...(settings.imageRegistry === undefined ? {} : { imageRegistry: settings.imageRegistry }),
    others: otherKinds({ resources, settings }),
  });
  const openRoom = (owner: OwnerId, { onChange, onLive }: RoomEvents): OwnerRoom => {
    const progress = new ReleaseProgress(clock, onChange);
    const world = new OwnedWorld({ ...shared, owner, onChange, onLive });
    const steps = new UnitSteps({
      ...{ owner, world, renderer, progress, clock, log },
      writer: new ObjectWriter({ api, resources, clock }),
      namespaces: new UnitNamespaces({ api, resources, log }),
      prepare: (unit, signal) => prepareImages(options, settings, { spec: unit.spec, signal }),
      forgetKinds: () => resources.forget(),
    });
    return new OwnerRoom({ world, steps, progress });
  };
  const helmOf = findHelm(programs.helm, environment);
  return new KubernetesConnector({
    openRoom,
    cluster: (onChange) => new ClusterWatch({ ...shared, findHelm: helmOf, onChange }),
    closeApi: () => api.close(),
    clock,
  });
}

function placesOf({ namespaces }: KubernetesSettings): { namespaces?: string[] } {
  return namespaces === undefined ? {} : { namespaces };
}

async function openAccess(
  { access, context }: KubernetesSettings,
  { allowsExec, serviceHost, servicePort }: KubernetesPrograms,
): Promise<ClusterEndpoint> {
  if ('inCluster' in access) return await inClusterEndpoint({ host: serviceHost, port: servicePort });
  const isFile = 'kubeconfigFile' in access;
  const text = isFile ? await readNodeFile(access.kubeconfigFile) : access.kubeconfig;
  const read = await readKubeconfig(text, {
    allowExec: allowsExec,
    // A file on the node may name files of the node; one that came over the network may not.
    allowFiles: isFile,
    ...(context === undefined ? {} : { context }),
  });
  if (!read.ok) throw read.error;
  return read.value;
}

async function readNodeFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new SkerryError('PlatformAuth', `The agent cannot read ${file} on its node: ${(cause as Error).message}`, {
      cause,
      remedy: 'Put the kubeconfig there, readable by the agent’s user.',
    });
  }
}

/** Helm keeps nothing of the user's and finds nothing of the user's. */
function environmentOf({ path: search }: KubernetesPrograms, folder: string) {
  return {
    PATH: search,
    HOME: folder,
    HELM_CACHE_HOME: path.join(folder, 'helm-cache'),
    HELM_CONFIG_HOME: path.join(folder, 'helm-config'),
    HELM_DATA_HOME: path.join(folder, 'helm-data'),
  };
}

async function artefactOf(
  { fetchArtefact }: KubernetesInfraOptions,
  digest: string,
  signal: AbortSignal,
): Promise<string> {
  if (fetchArtefact === undefined)
    throw new SkerryError('PlatformUnavailable', `${digest} is not at this site, and nothing fetches it`);
  try {
    return await fetchArtefact(digest, signal);
  } catch (cause) {
    if (signal.aborted) throw cause;
    // Not here yet: the link will bring it. What runs stays as it is.
    throw new SkerryError(
      'PlatformUnavailable',
      `A file of the package has not arrived yet: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}

async function prepareImages(
  { pushImages }: KubernetesInfraOptions,
  { imageRegistry }: KubernetesSettings,
  { spec, signal }: { spec: InfraConfig['settings']; signal: AbortSignal },
): Promise<void> {
  const images = spec['images'] as { reference: string; digest: string }[] | undefined;
  if (images === undefined || images.length === 0 || imageRegistry === undefined || pushImages === undefined) return;
  await pushImages(images, imageRegistry, signal).catch((cause: unknown) => {
    if (signal.aborted || !isSkerryError(cause) || cause.code !== 'Unavailable') throw cause;
    throw new SkerryError('PlatformUnavailable', `An image has not arrived yet: ${cause.message}`, { cause });
  });
}
