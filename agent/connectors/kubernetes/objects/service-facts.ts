import { compareTexts } from './compare-texts.ts';
import type { KubeObject } from './kube-object.ts';
import { itemsAt, numberAt, textAt, textsAt } from './read-member.ts';

export interface ServiceFact {
  name: string;
  namespace: string;
  /** `ClusterIP`, `NodePort`, `LoadBalancer`, `ExternalName`. */
  type: string;
  clusterIps: string[];
  /** Of load balancers first, then those that the Service names itself. */
  externalAddresses: string[];
  ports: { name: string; port: number; protocol: string; nodePort?: number }[];
}

export interface ServiceFacts {
  /** By wanted name, the most reachable first; a wanted Service that is not there is left out. */
  addresses: Record<string, string[]>;
  /** At most 100, by namespace and name. */
  services: ServiceFact[];
}

const mostServices = 100;

/** Services of a workload, and the addresses of those that the descriptor asks for. */
export function serviceFacts(services: readonly KubeObject[], wanted: readonly { name: string }[]): ServiceFacts {
  const sorted = [...services].sort((left, right) => compareTexts(placeOf(left), placeOf(right)));
  const addresses = wanted.flatMap(({ name }) => {
    const service = findService(sorted, name);
    if (service === undefined) return [];
    const { externalAddresses, clusterIps } = serviceFact(service);
    const both: [string, string[]] = [name, [...new Set([...externalAddresses, ...clusterIps])]];
    return [both];
  });
  return { addresses: Object.fromEntries(addresses), services: sorted.slice(0, mostServices).map(serviceFact) };
}

function placeOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/**
 * Charts prefix names with their release, so a descriptor that was written before can only name a part. The closest match
 * wins: the whole name, `<release>-<name>`, then names that end or start with it, the shortest first.
 */
function findService(services: readonly KubeObject[], wanted: string): KubeObject | undefined {
  if (wanted === '') return undefined;
  const byLength = [...services].sort((left, right) => left.metadata.name.length - right.metadata.name.length);
  const tests: ((name: string, service: KubeObject) => boolean)[] = [
    (name) => name === wanted,
    (name, service) => releasesOf(service).some((release) => name === `${release}-${wanted}`),
    (name) => name.endsWith(`-${wanted}`),
    (name) => name.startsWith(`${wanted}-`),
    (name) => name.endsWith(wanted) || name.startsWith(wanted),
  ];
  for (const test of tests) {
    const found = byLength.find((service) => test(service.metadata.name, service));
    if (found !== undefined) return found;
  }
  return undefined;
}

function releasesOf(service: KubeObject): string[] {
  const { annotations, labels } = service.metadata;
  return [
    textAt(annotations, 'meta.helm.sh/release-name'),
    textAt(labels, 'app.kubernetes.io/instance'),
    textAt(labels, 'release'),
  ].filter((release) => release !== undefined);
}

function serviceFact(service: KubeObject): ServiceFact {
  const { name, namespace = '' } = service.metadata;
  return {
    name,
    namespace,
    type: textAt(service, 'spec', 'type') ?? 'ClusterIP',
    clusterIps: clusterIpsOf(service),
    externalAddresses: externalAddressesOf(service),
    ports: itemsAt(service, 'spec', 'ports').flatMap((port) => portOf(port) ?? []),
  };
}

function clusterIpsOf(service: KubeObject): string[] {
  const single = textAt(service, 'spec', 'clusterIP');
  const all = [...textsAt(service, 'spec', 'clusterIPs'), ...(single === undefined ? [] : [single])];
  return [...new Set(all)].filter((address) => address !== 'None');
}

function externalAddressesOf(service: KubeObject): string[] {
  const ingress = itemsAt(service, 'status', 'loadBalancer', 'ingress');
  const balanced = ingress.flatMap((each) => textAt(each, 'ip') ?? textAt(each, 'hostname') ?? []);
  const alias =
    textAt(service, 'spec', 'type') === 'ExternalName' ? textAt(service, 'spec', 'externalName') : undefined;
  const all = [...balanced, ...textsAt(service, 'spec', 'externalIPs'), ...(alias === undefined ? [] : [alias])];
  return [...new Set(all)];
}

function portOf(port: unknown): ServiceFact['ports'][number] | undefined {
  const number = numberAt(port, 'port');
  if (number === undefined) return undefined;
  const name = textAt(port, 'name') ?? '';
  const fact = { name, port: number, protocol: textAt(port, 'protocol') ?? 'TCP' };
  const nodePort = numberAt(port, 'nodePort');
  return nodePort === undefined || nodePort === 0 ? fact : { ...fact, nodePort };
}
