import type { ClusterFacts, Resources } from '#shared/connector/index.ts';
import type { InfraView } from '../api-types.ts';
import type { CliContext } from '../cli-context.ts';
import { formatAge, formatLabels, printFacts, printRows } from '../output.ts';

type ResourceName = keyof Resources;

/** One infra for people: what it is, what it has, and for a cluster its nodes. */
export async function printInfra(context: CliContext, infra: InfraView): Promise<void> {
  const facts = infra.status?.facts;
  const cluster = facts?.cluster;
  await printFacts(context, 'table', infra, [
    ['name', infra.name],
    ['id', infra.id],
    ['kind', infra.kind],
    ['schedulable', infra.schedulable],
    ['labels', formatLabels(infra.labels)],
    ['healthy', facts?.healthy],
    ['message', infra.status?.message || facts?.message],
    ['version', facts?.version],
    ['vcpus', amounts(infra, 'vcpus')],
    ['memory MiB', amounts(infra, 'memoryMib')],
    ['storage GiB', amounts(infra, 'storageGib')],
    ...(cluster ? clusterFacts(cluster, facts.features) : []),
    ['reported', ageOf(infra)],
  ]);
  if (cluster === undefined || cluster.nodes.length === 0) return;
  context.out('\n');
  await printNodes(context, cluster);
}

function clusterFacts(cluster: ClusterFacts, features: readonly string[]): [string, unknown][] {
  const storage = cluster.storageClasses.map(
    ({ name, provisioner, isDefault }) => `${name}${isDefault ? ' (default)' : ''} by ${provisioner}`,
  );
  return [
    ['nodes ready', nodesReady(cluster)],
    ['network plugins', cluster.cni.join(', ')],
    ['networks', cluster.networks],
    ['storage classes', storage],
    ['can do', features.join(', ')],
    ['missing', cluster.missing.length === 0 ? 'nothing' : cluster.missing],
  ];
}

function printNodes(context: CliContext, { nodes }: ClusterFacts): Promise<void> {
  const amount = (name: ResourceName) => (node: ClusterFacts['nodes'][number]) =>
    `${plain(node.used[name])} of ${plain(node.total[name])}${node.measured ? `, measured ${plain(node.measured[name])}` : ''}`;
  return printRows(context, 'table', nodes, [
    { title: 'node', value: (node) => node.name },
    { title: 'zone', value: (node) => node.zone },
    { title: 'ready', value: (node) => (node.isReady ? (node.isSchedulable ? 'yes' : 'cordoned') : 'no') },
    { title: 'conditions', value: (node) => node.conditions.join(', ') },
    { title: 'vcpus used', value: amount('vcpus') },
    { title: 'memory MiB used', value: amount('memoryMib') },
  ]);
}

/** `3 of 4`; nothing for what has no nodes. */
export function nodesReady(cluster: ClusterFacts | undefined): string | undefined {
  if (cluster === undefined) return undefined;
  return `${cluster.nodes.filter(({ isReady }) => isReady).length} of ${cluster.nodes.length}`;
}

/** `reserved of total`. */
export function reservedOf(infra: InfraView, resource: ResourceName): string {
  const total = infra.status?.facts?.capacity?.total?.[resource];
  return `${infra.ledger?.reserved?.[resource] ?? 0} of ${plain(total)}`;
}

function amounts(infra: InfraView, resource: ResourceName): string {
  const facts = infra.status?.facts;
  const used = facts?.capacity?.used?.[resource];
  const measured = facts?.measured?.[resource];
  return [
    `${reservedOf(infra, resource)} reserved`,
    ...(used === undefined ? [] : [`${plain(used)} used`]),
    ...(measured === undefined ? [] : [`${plain(measured)} measured`]),
  ].join(', ');
}

export function ageOf(infra: InfraView): string {
  return infra.ageMs === undefined || infra.ageMs === null ? 'never' : `${formatAge(infra.ageMs)} ago`;
}

function plain(amount: number | undefined): string {
  return amount === undefined ? '?' : String(Math.round(amount * 10) / 10);
}
