import type { UnitKind } from '#shared/connector/index.ts';
import { fail, ok, type Result, SkerryError } from '#shared/errors/index.ts';
import type { JsonObject, JsonValue } from '#shared/model/json.ts';
import { isCidr } from './address-pool.ts';

/** Kinds that the simulated infrastructure can make. */
export const simulatedUnitKinds = [
  'image',
  'flavor',
  'network',
  'volume',
  'affinity-group',
  'compute',
  'helm-release',
  'manifests',
  'monitor',
] as const satisfies readonly UnitKind[];

type Check = (spec: JsonObject) => string | undefined;

/** Per kind: the first complaint about a spec. Only what the simulation works with is checked; the rest is kept as it is. */
const checks: Record<(typeof simulatedUnitKinds)[number], Check[]> = {
  image: [hasName],
  flavor: [hasName],
  network: [
    hasName,
    (spec) =>
      spec['cidr'] === undefined || (typeof spec['cidr'] === 'string' && isCidr(spec['cidr']))
        ? undefined
        : 'cidr is not a subnet from /8 to /30',
  ],
  volume: [hasName, isAmount('sizeGib')],
  'affinity-group': [hasName, isOneOf('policy', ['affinity', 'anti-affinity'])],
  compute: [
    hasName,
    (spec) => (isObject(spec['image']) && isText(spec['image']['name']) ? undefined : 'image.name is missing'),
    isAmount('vcpus'),
    isAmount('memoryMib'),
    isAmount('rootDiskGib'),
    isListOf('ports', (port) => isText(port['name']) && isText(port['networkKey'])),
    isListOf('volumes', (volume) => isText(volume['name'])),
  ],
  'helm-release': [
    hasName,
    (spec) => (isText(spec['chart']) ? undefined : 'chart is missing'),
    (spec) => (spec['replicas'] === undefined || isObject(spec['replicas']) ? undefined : 'replicas is not an object'),
    isListOf('services', (service) => isText(service['name'])),
  ],
  manifests: [hasName, isListOf('objects', () => true)],
  monitor: [
    hasName,
    (spec) => (isText(spec['port']) ? undefined : 'port is missing'),
    (spec) => (isObject(spec['selector']) ? undefined : 'selector is missing'),
  ],
};

/** Pure: untrusted spec → the same, checked. */
export function parseUnitSpec(kind: UnitKind, input: unknown): Result<JsonObject> {
  if (!(kind in checks)) return fail(refusal(`A simulated infra makes no ${kind}`));
  if (!isObject(input as JsonValue)) return fail(refusal(`The spec of a ${kind} must be an object`));
  const spec = input as JsonObject;
  for (const check of checks[kind as keyof typeof checks]) {
    const complaint = check(spec);
    if (complaint !== undefined) return fail(refusal(`The spec of this ${kind} is wrong: ${complaint}`));
  }
  return ok(spec);
}

function refusal(message: string): SkerryError {
  return new SkerryError('PlatformRefused', message, { remedy: 'Correct the descriptor that the unit comes from.' });
}

function hasName(spec: JsonObject): string | undefined {
  return isText(spec['name']) ? undefined : 'name is missing';
}

function isAmount(name: string): Check {
  return (spec) => {
    const value = spec[name];
    return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? undefined : `${name} is not an amount`;
  };
}

function isOneOf(name: string, values: string[]): Check {
  return (spec) => (values.includes(String(spec[name])) ? undefined : `${name} is not one of ${values.join(', ')}`);
}

function isListOf(name: string, isItem: (item: JsonObject) => boolean): Check {
  return (spec) => {
    const list = spec[name];
    if (list === undefined) return undefined;
    const isGood = Array.isArray(list) && list.length <= 1000 && list.every((item) => isObject(item) && isItem(item));
    return isGood ? undefined : `${name} is not a list of what it should hold`;
  };
}

function isText(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value !== '';
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
