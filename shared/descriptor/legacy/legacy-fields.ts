import type { Reading } from '../reading/reading.ts';
import { joinPath } from '../reading/reading.ts';
import {
  entryOf,
  isNull,
  itemsOf,
  type LocatedNode,
  listAt,
  type MapNode,
  mapAt,
  scalarAt,
  textOf,
} from '../text/located-node.ts';

/** The scalar itself, with its place. */
export function copy(node: LocatedNode | undefined, field: string): LocatedNode | undefined {
  const value = entryOf(node, field);
  return value === undefined || isNull(value) ? undefined : value;
}

export function namedText(node: LocatedNode, text: string | undefined): LocatedNode | undefined {
  return text === undefined ? undefined : scalarAt(node.offset, text);
}

/** A field under a new name or in a new place: one line of the report. */
export function moved(reading: Reading, node: LocatedNode, field: string, target: string): void {
  const value = entryOf(node, field);
  if (value !== undefined) reading.translate(value.offset, target, `'${field}' became '${target}'`);
}

/** Whatever the translation has no place for is reported as dropped. */
export function dropOthers(reading: Reading, node: MapNode, path: string, used: readonly string[]): void {
  for (const entry of node.entries) {
    if (used.includes(entry.key) || isNull(entry.value)) continue;
    reading.drop(entry.keyOffset, joinPath(path, entry.key), `'${entry.key}' has no counterpart in SOL006`);
  }
}

/** `ip-profiles` by name → l3-protocol-data. */
export function ipProfiles(node: LocatedNode): Map<string, LocatedNode> {
  const profiles = new Map<string, LocatedNode>();
  for (const profile of itemsOf(node, 'ip-profiles')) {
    const name = textOf(profile, 'name');
    const params = entryOf(profile, 'ip-profile-params');
    if (name === undefined || params === undefined) continue;
    profiles.set(name, l3ProtocolData(params));
  }
  return profiles;
}

function l3ProtocolData(params: LocatedNode): LocatedNode {
  return mapAt(params.offset, {
    'ip-version': copy(params, 'ip-version'),
    cidr: copy(params, 'subnet-address'),
    'gateway-ip': copy(params, 'gateway-address'),
    'dhcp-enabled': copy(entryOf(params, 'dhcp-params'), 'enabled'),
    dns: listAt(
      params.offset,
      itemsOf(params, 'dns-server').flatMap((server) => copy(server, 'address') ?? []),
    ),
  });
}

export function linkProfile(link: LocatedNode, id: LocatedNode | undefined, l3: LocatedNode): LocatedNode {
  return mapAt(link.offset, {
    id,
    'virtual-link-protocol-data': mapAt(l3.offset, { 'l3-protocol-data': l3 }),
  });
}

/** `vnf-configuration`, `vdu-configuration` → day1-2: the charm moves into an execution environment. */
export function dayOneTwo(configuration: LocatedNode, ownerId: string | undefined): MapNode {
  const juju = entryOf(configuration, 'juju');
  const charm = textOf(juju, 'charm');
  const environmentId = charm === undefined ? undefined : `${charm.replace(/[^\w.-]/g, '-')}-ee`;
  const withEnvironment = (list: string) =>
    listAt(
      configuration.offset,
      itemsOf(configuration, list).map((primitive) => withReference(primitive, environmentId)),
    );
  const environments =
    environmentId === undefined || juju === undefined
      ? []
      : [mapAt(juju.offset, { id: scalarAt(juju.offset, environmentId), juju })];
  return mapAt(configuration.offset, {
    id: namedText(configuration, ownerId),
    'execution-environment-list': listAt(configuration.offset, environments),
    'config-access': copy(configuration, 'config-access'),
    'config-primitive': withEnvironment('config-primitive'),
    'initial-config-primitive': withEnvironment('initial-config-primitive'),
    'terminate-config-primitive': withEnvironment('terminate-config-primitive'),
    metrics: copy(configuration, 'metrics'),
  });
}

function withReference(primitive: LocatedNode, environmentId: string | undefined): LocatedNode {
  if (primitive.kind !== 'map' || environmentId === undefined) return primitive;
  const value = scalarAt(primitive.offset, environmentId);
  const reference = { key: 'execution-environment-ref', keyOffset: primitive.offset, value };
  return { ...primitive, entries: [...primitive.entries.filter(({ key }) => key !== reference.key), reference] };
}

export function monitoringParameter(parameter: LocatedNode): LocatedNode {
  const metric = copy(entryOf(parameter, 'vnf-metric'), 'vnf-metric-name-ref') ?? copy(parameter, 'nfvi-metric');
  return mapAt(parameter.offset, {
    id: copy(parameter, 'id'),
    name: copy(parameter, 'name'),
    'performance-metric': metric,
  });
}
