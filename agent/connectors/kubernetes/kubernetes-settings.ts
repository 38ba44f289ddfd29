import { fail, ok, type Result, SkerryError } from '#shared/errors/index.ts';
import type { JsonObject, JsonValue } from '#shared/model/json.ts';
import type { ImageRegistry } from '../../artefacts/index.ts';
import { isObject } from './objects/own-labels.ts';

/** Settings of an infra of kind `kubernetes`, checked. Exactly one way to the cluster. */
export interface KubernetesSettings {
  access: { kubeconfig: string } | { kubeconfigFile: string } | { inCluster: true };
  /** Of the kubeconfig; absent: its current one. */
  context?: string;
  /** Only these are used and watched; absent: the whole cluster. */
  namespaces?: string[];
  /** Where units lie that name none. */
  defaultNamespace: string;
  /** Images that travel with packages are pushed here, and pulled from `pullFrom` (default: the same host). */
  imageRegistry?: SiteRegistry;
  /** KubeVirt: image of a descriptor → what a virtual machine boots from. */
  machineImages: Record<string, JsonObject>;
}

export interface SiteRegistry extends ImageRegistry {
  /** Name by which nodes know it, where that is another. */
  pullFrom?: string;
}

const known = new Set([
  ...['kubeconfig', 'kubeconfigFile', 'inCluster', 'context', 'namespaces', 'defaultNamespace', 'imageRegistry'],
  ...['machineImages', 'nets'],
]);
const namePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

export function readKubernetesSettings(input: JsonObject): Result<KubernetesSettings> {
  const strange = Object.keys(input).find((name) => !known.has(name));
  if (strange !== undefined) return refuse(`A Kubernetes infra has no setting ${strange}`);
  const ways = ['kubeconfig', 'kubeconfigFile', 'inCluster'].filter((name) => isGiven(input[name]));
  if (ways.length !== 1)
    return refuse(
      `The cluster is reached by exactly one of kubeconfig, kubeconfigFile and inCluster; ${ways.join(' and ') || 'none'} is given`,
    );
  const access = readAccess(input);
  if (access === undefined) return refuse(`${ways[0]} is wrong: a text is wanted (inCluster: true)`);
  const { context, namespaces, defaultNamespace = 'default', imageRegistry, machineImages = {} } = input;
  if (context !== undefined && typeof context !== 'string') return refuse('context is no text');
  if (typeof defaultNamespace !== 'string' || !namePattern.test(defaultNamespace))
    return refuse('defaultNamespace is no name of a namespace');
  if (namespaces !== undefined && !isNameList(namespaces)) return refuse('namespaces is no list of 1 to 100 names');
  if (!isObject(machineImages)) return refuse('machineImages is no object');
  const registry = readRegistry(imageRegistry);
  if (registry === null) return refuse('imageRegistry needs a url (http:// or https://)');
  return ok({
    access,
    ...(context === undefined ? {} : { context }),
    ...(namespaces === undefined ? {} : { namespaces }),
    defaultNamespace,
    ...(registry === undefined ? {} : { imageRegistry: registry }),
    machineImages: machineImages as Record<string, JsonObject>,
  });
}

function readAccess({ kubeconfig, kubeconfigFile, inCluster }: JsonObject): KubernetesSettings['access'] | undefined {
  if (typeof kubeconfig === 'string') return { kubeconfig };
  if (typeof kubeconfigFile === 'string') return { kubeconfigFile };
  return inCluster === true ? { inCluster } : undefined;
}

/** null: given, but wrong. */
function readRegistry(input: JsonValue | undefined): SiteRegistry | null | undefined {
  if (input === undefined) return undefined;
  if (!isObject(input) || typeof input['url'] !== 'string' || !/^https?:\/\//.test(input['url'])) return null;
  const registry: SiteRegistry = { url: input['url'] };
  for (const name of ['pullFrom', 'username', 'password', 'caPem'] as const)
    if (typeof input[name] === 'string') registry[name] = input[name];
  return registry;
}

function isNameList(value: JsonValue): value is string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= 100 &&
    value.every((name) => typeof name === 'string' && namePattern.test(name))
  );
}

function isGiven(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null && value !== false;
}

function refuse<T>(message: string): Result<T> {
  return fail(
    new SkerryError('PlatformRefused', message, {
      remedy: 'Add the infra again: `skerry infra add kubernetes --help` tells its settings.',
    }),
  );
}
