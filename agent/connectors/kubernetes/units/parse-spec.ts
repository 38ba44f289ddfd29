import type { UnitKind } from '#shared/connector/index.ts';
import { fail, ok, type Result, SkerryError } from '#shared/errors/index.ts';
import type { JsonObject, JsonValue } from '#shared/model/json.ts';
import { isObject } from '../objects/own-labels.ts';

export const kubernetesUnitKinds = ['helm-release', 'manifests', 'network', 'compute', 'monitor'] as const;
type Kind = (typeof kubernetesUnitKinds)[number];

const labelName = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const digestPattern = /^sha256:[0-9a-f]{64}$/;
/** What runs the cluster is nobody's to change through a package. */
const systemNamespaces = new Set(['kube-system', 'kube-public', 'kube-node-lease']);

type Check = (spec: JsonObject) => string | undefined;

const workload: Check[] = [
  name(53),
  place,
  (spec) => (isCounts(spec['replicas']) ? undefined : 'replicas is no object of whole numbers up to 10000'),
  listOf('services', (service) => isText(service['name'])),
  (spec) => (spec['adopts'] === undefined || isTexts(spec['adopts']) ? undefined : 'adopts is no list of keys'),
  listOf('networks', (network) => isText(network['networkKey'])),
  (spec) =>
    spec['timeoutS'] === undefined || (isAmount(spec['timeoutS']) && Number(spec['timeoutS']) <= 86_400)
      ? undefined
      : 'timeoutS is no number of seconds up to a day',
];

/** Per kind: the first complaint about a spec. */
const checks: Record<Kind, Check[]> = {
  'helm-release': [
    ...workload,
    (spec) => (isText(spec['chart']) ? undefined : 'chart is missing'),
    digest('chartDigest'),
    (spec) => (spec['values'] === undefined || isObject(spec['values']) ? undefined : 'values is not an object'),
  ],
  manifests: [
    ...workload,
    digest('folderDigest'),
    listOf('objects', (object) => isText(object['kind']) && isText(object['apiVersion'])),
    (spec) =>
      spec['objects'] === undefined && spec['folderDigest'] === undefined
        ? 'neither objects nor folderDigest is given'
        : undefined,
  ],
  network: [(spec) => (isText(spec['name']) ? undefined : 'name is missing')],
  compute: [
    (spec) => (isText(spec['name']) ? undefined : 'name is missing'),
    (spec) => (isObject(spec['image']) && isText(spec['image']['name']) ? undefined : 'image.name is missing'),
    amount('vcpus'),
    amount('memoryMib'),
    amount('rootDiskGib'),
    listOf('ports', (port) => isText(port['name']) && isText(port['networkKey'])),
  ],
  monitor: [
    name(63),
    place,
    (spec) => (isText(spec['port']) ? undefined : 'port is missing'),
    (spec) => (isObject(spec['selector']) ? undefined : 'selector is missing'),
  ],
};

/** Pure: untrusted spec → the same, checked. */
export function parseKubernetesSpec(kind: UnitKind, input: unknown): Result<JsonObject> {
  if (!(kind in checks)) return refuse(`A Kubernetes cluster makes no ${kind}`);
  if (!isObject(input as JsonValue)) return refuse(`The spec of a ${kind} must be an object`);
  const spec = input as JsonObject;
  for (const check of checks[kind as Kind]) {
    const complaint = check(spec);
    if (complaint !== undefined) return refuse(`The spec of this ${kind} is wrong: ${complaint}`);
  }
  return ok(spec);
}

function refuse(message: string): Result<JsonObject> {
  return fail(
    new SkerryError('PlatformRefused', message, {
      remedy: 'Correct the descriptor or the request that it comes from.',
    }),
  );
}

function name(limit: number): Check {
  return (spec) => {
    const value = spec['name'];
    return isText(value) && value.length <= limit && labelName.test(value)
      ? undefined
      : `name is missing, or no name of at most ${limit} small letters, digits and dashes`;
  };
}

function place(spec: JsonObject): string | undefined {
  const value = spec['namespace'];
  if (!isText(value) || value.length > 63 || !labelName.test(value) || value.includes('.'))
    return 'namespace is missing, or no name of a namespace';
  return systemNamespaces.has(value) ? `namespace ${value} belongs to the cluster itself` : undefined;
}

export function isSystemNamespace(namespace: string): boolean {
  return systemNamespaces.has(namespace);
}

function digest(member: string): Check {
  return (spec) =>
    spec[member] === undefined || digestPattern.test(String(spec[member])) ? undefined : `${member} is no digest`;
}

function amount(member: string): Check {
  return (spec) => (isAmount(spec[member]) ? undefined : `${member} is not an amount`);
}

function listOf(member: string, isItem: (item: JsonObject) => boolean): Check {
  return (spec) => {
    const list = spec[member];
    if (list === undefined) return undefined;
    const isGood = Array.isArray(list) && list.length <= 2000 && list.every((item) => isObject(item) && isItem(item));
    return isGood ? undefined : `${member} is not a list of what it should hold`;
  };
}

function isCounts(value: JsonValue | undefined): boolean {
  if (value === undefined) return true;
  return isObject(value) && Object.values(value).every((count) => isAmount(count) && Number(count) <= 10_000);
}

function isAmount(value: JsonValue | undefined): boolean {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value);
}

function isTexts(value: JsonValue): boolean {
  return Array.isArray(value) && value.length <= 100 && value.every(isText);
}

function isText(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value !== '';
}
