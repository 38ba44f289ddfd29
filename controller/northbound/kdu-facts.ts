/** What an agent reported of a KDU, of a shape that can be shown: whatever else it sent is left out. */
export interface KduFacts {
  release?: { name: string; revision: number; status: string; chart: string; version: string; appVersion: string };
  workloads: WorkloadFacts[];
  pods: { name: string; node: string; ready: boolean; restarts: number; message: string; addresses: string[] }[];
  services: { name: string; type: string; addresses: string[]; ports: { port: number; protocol: string }[] }[];
}

export interface WorkloadFacts {
  kind: string;
  namespace: string;
  name: string;
  desired: number;
  available: number;
}

const most = { workloads: 200, pods: 100, services: 100, ports: 50, addresses: 20, text: 256, message: 2_000 } as const;

type Input = Record<string, unknown>;

/** Of an agent whose key may be stolen: names are clipped, numbers are numbers, lists end. */
export function parseKduFacts(input: unknown): KduFacts {
  const facts = isObject(input) ? input : {};
  return {
    ...(isObject(facts['release']) ? { release: parseRelease(facts['release']) } : {}),
    workloads: items(facts['workloads'], most.workloads).map((item) => ({
      kind: text(item['kind']),
      namespace: text(item['namespace']),
      name: text(item['name']),
      desired: count(item['desired']),
      available: count(item['available']),
    })),
    pods: items(facts['pods'], most.pods).map((item) => ({
      name: text(item['name']),
      node: text(item['node']),
      ready: item['isReady'] === true,
      restarts: count(item['restarts']),
      message: text(item['message'], most.message),
      addresses: texts(item['addresses']),
    })),
    services: items(facts['services'], most.services).map((item) => ({
      name: text(item['name']),
      type: text(item['type']),
      addresses: [...texts(item['externalAddresses']), ...texts(item['clusterIps'])],
      ports: items(item['ports'], most.ports).map((port) => ({
        port: count(port['port']),
        protocol: text(port['protocol']),
      })),
    })),
  };
}

function parseRelease(release: Input): NonNullable<KduFacts['release']> {
  return {
    name: text(release['name']),
    revision: count(release['revision']),
    status: text(release['status']),
    chart: text(release['chart']),
    version: text(release['version']),
    appVersion: text(release['appVersion']),
  };
}

function isObject(input: unknown): input is Input {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

function items(input: unknown, limit: number): Input[] {
  return Array.isArray(input) ? input.slice(0, limit).filter(isObject) : [];
}

function texts(input: unknown): string[] {
  const list = Array.isArray(input) ? input.slice(0, most.addresses) : [];
  return list.filter((item) => typeof item === 'string').map((item) => text(item));
}

function text(input: unknown, limit: number = most.text): string {
  return typeof input === 'string' ? input.slice(0, limit) : '';
}

function count(input: unknown): number {
  return typeof input === 'number' && Number.isSafeInteger(input) && input >= 0 ? input : 0;
}
