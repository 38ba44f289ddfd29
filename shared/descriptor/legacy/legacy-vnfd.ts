import { joinPath, type Reading } from '../reading/reading.ts';
import {
  entryOf,
  itemsOf,
  type LocatedNode,
  listAt,
  type MapNode,
  mapAt,
  scalarAt,
  textOf,
} from '../text/located-node.ts';
import {
  copy,
  dayOneTwo,
  dropOthers,
  ipProfiles,
  linkProfile,
  monitoringParameter,
  moved,
  namedText,
} from './legacy-fields.ts';
import { LegacyVdu } from './legacy-vdu.ts';

const usedFields = [
  'id',
  'name',
  'short-name',
  'vendor',
  'version',
  'description',
  'logo',
  'connection-point',
  'mgmt-interface',
  'internal-vld',
  'vdu',
  'kdu',
  'k8s-cluster',
  'vnf-configuration',
  'scaling-group-descriptor',
  'monitoring-param',
  'ip-profiles',
];

/** One VNFD from before SOL006. */
export class LegacyVnfd {
  readonly #node: MapNode;
  readonly #reading: Reading;
  readonly #path: string;
  readonly #vdus: LegacyVdu[];

  constructor(node: MapNode, reading: Reading, path: string) {
    this.#node = node;
    this.#reading = reading;
    this.#path = path;
    const connectionPoints = new Set(itemsOf(node, 'connection-point').flatMap((point) => textOf(point, 'name') ?? []));
    this.#vdus = itemsOf(node, 'vdu').map(
      (vdu) => new LegacyVdu(vdu, { reading, connectionPoints, links: this.#linksByPoint() }),
    );
  }

  translate(): MapNode {
    const node = this.#node;
    moved(this.#reading, node, 'name', 'product-name');
    moved(this.#reading, node, 'vendor', 'provider');
    moved(this.#reading, node, 'connection-point', 'ext-cpd');
    moved(this.#reading, node, 'mgmt-interface', 'mgmt-cp');
    moved(this.#reading, node, 'internal-vld', 'int-virtual-link-desc');
    dropOthers(this.#reading, node, this.#path, usedFields);
    const every = (part: (vdu: LegacyVdu) => LocatedNode[]) => listAt(node.offset, this.#vdus.flatMap(part));
    return mapAt(node.offset, {
      id: copy(node, 'id'),
      'product-name': copy(node, 'name') ?? copy(node, 'id'),
      provider: copy(node, 'vendor'),
      version: copy(node, 'version'),
      description: copy(node, 'description'),
      'mgmt-cp': this.#managementCp(),
      'ext-cpd': listAt(node.offset, this.#extCpds()),
      'int-virtual-link-desc': listAt(node.offset, this.#links()),
      vdu: every((vdu) => [vdu.vdu(this.#monitoringOf(vdu.id))]),
      'virtual-compute-desc': every((vdu) => [vdu.compute()]),
      'virtual-storage-desc': every((vdu) => vdu.storages()),
      'sw-image-desc': listAt(node.offset, uniqueById(this.#vdus.flatMap((vdu) => vdu.images()))),
      kdu: copy(node, 'kdu'),
      'k8s-cluster': this.#cluster(),
      df: listAt(node.offset, [this.#flavour()]),
    });
  }

  #linksByPoint(): Map<string, LocatedNode> {
    const links = new Map<string, LocatedNode>();
    for (const link of itemsOf(this.#node, 'internal-vld')) {
      const id = copy(link, 'id');
      for (const point of itemsOf(link, 'internal-connection-point')) {
        const reference = textOf(point, 'id-ref');
        if (reference !== undefined && id !== undefined) links.set(reference, id);
      }
    }
    return links;
  }

  #managementCp(): LocatedNode | undefined {
    const management = entryOf(this.#node, 'mgmt-interface');
    const point = copy(management, 'cp');
    if (point?.kind === 'scalar') return scalarAt(point.offset, `${point.text}-ext`);
    const vduId = textOf(management, 'vdu-id');
    const first = this.#vdus.find((vdu) => vdu.id === vduId)?.firstExternalPoint();
    return management === undefined || first === undefined ? undefined : scalarAt(management.offset, `${first}-ext`);
  }

  #extCpds(): LocatedNode[] {
    return itemsOf(this.#node, 'connection-point').map((point) => {
      const name = textOf(point, 'name') ?? textOf(point, 'id');
      const net = itemsOf(entryOf(this.#node, 'k8s-cluster'), 'nets').find(
        (each) => textOf(each, 'external-connection-point-ref') === name,
      );
      const inner = name === undefined ? undefined : this.#vdus.map((vdu) => vdu.exposing(name)).find(Boolean);
      if (name !== undefined) {
        this.#reading.translate(point.offset, 'ext-cpd', `connection point '${name}' became ext-cpd '${name}-ext'`);
      }
      return mapAt(point.offset, {
        id: namedText(point, name === undefined ? undefined : `${name}-ext`),
        'int-cpd': inner,
        'k8s-cluster-net': copy(net, 'id'),
      });
    });
  }

  #links(): LocatedNode[] {
    return itemsOf(this.#node, 'internal-vld').map((link) =>
      mapAt(link.offset, { id: copy(link, 'id'), description: copy(link, 'description') }),
    );
  }

  #cluster(): LocatedNode | undefined {
    const cluster = entryOf(this.#node, 'k8s-cluster');
    if (cluster === undefined) return undefined;
    const nets = itemsOf(cluster, 'nets').map((net) => mapAt(net.offset, { id: copy(net, 'id') }));
    return mapAt(cluster.offset, {
      version: copy(cluster, 'version'),
      cni: copy(cluster, 'cni'),
      nets: listAt(cluster.offset, nets),
    });
  }

  /** A parameter of the VNF that stands for one of a vdu moves to that vdu. */
  #monitoringOf(vduId: string | undefined): LocatedNode[] {
    return itemsOf(this.#node, 'monitoring-param').filter(
      (parameter) => textOf(entryOf(parameter, 'vdu-monitoring-param'), 'vdu-ref') === vduId,
    );
  }

  #flavour(): LocatedNode {
    const { offset } = this.#node;
    const own = itemsOf(this.#node, 'monitoring-param').filter(
      (parameter) => entryOf(parameter, 'vdu-monitoring-param') === undefined,
    );
    const level = mapAt(offset, {
      id: scalarAt(offset, 'default-instantiation-level'),
      'vdu-level': listAt(
        offset,
        this.#vdus.map((vdu) => vdu.level()),
      ),
    });
    const configurations = this.#configurations();
    return mapAt(offset, {
      id: scalarAt(offset, 'default-df'),
      'vdu-profile': listAt(
        offset,
        this.#vdus.map((vdu) => vdu.profile(this.#growthOf(vdu.id))),
      ),
      'instantiation-level': listAt(offset, this.#vdus.length === 0 ? [] : [level]),
      'virtual-link-profile': listAt(offset, this.#linkProfiles()),
      'monitoring-parameter': listAt(offset, own.map(monitoringParameter)),
      'scaling-aspect': listAt(
        offset,
        itemsOf(this.#node, 'scaling-group-descriptor').map((each) => this.#aspect(each)),
      ),
      'lcm-operations-configuration': mapAt(offset, {
        'operate-vnf-op-config': mapAt(offset, { 'day1-2': listAt(offset, configurations) }),
      }),
    });
  }

  #configurations(): LocatedNode[] {
    const own = entryOf(this.#node, 'vnf-configuration');
    moved(this.#reading, this.#node, 'vnf-configuration', 'df[0]/lcm-operations-configuration/…/day1-2');
    const ofVnf = own === undefined ? [] : [dayOneTwo(own, textOf(this.#node, 'id'))];
    return [...ofVnf, ...this.#vdus.flatMap((vdu) => vdu.configuration())];
  }

  #linkProfiles(): LocatedNode[] {
    const profiles = ipProfiles(this.#node);
    return itemsOf(this.#node, 'internal-vld').flatMap((link) => {
      const l3 = profiles.get(textOf(link, 'ip-profile-ref') ?? '');
      if (l3 === undefined) return [];
      this.#reading.translate(
        link.offset,
        'df[0]/virtual-link-profile',
        'the IP profile became a virtual-link-profile',
      );
      return [linkProfile(link, copy(link, 'id'), l3)];
    });
  }

  /** Instances that scaling can add to a vdu; undefined where it is in no scaling group. */
  #growthOf(vduId: string | undefined): number | undefined {
    const growths = itemsOf(this.#node, 'scaling-group-descriptor').flatMap((group) => {
      const member = itemsOf(group, 'vdu').find((each) => textOf(each, 'vdu-id-ref') === vduId);
      if (member === undefined) return [];
      return [Number(textOf(group, 'max-instance-count') ?? 10) * Number(textOf(member, 'count') ?? 1)];
    });
    return growths.length === 0 ? undefined : Math.max(...growths);
  }

  #aspect(group: LocatedNode): LocatedNode {
    const name = textOf(group, 'name') ?? 'scaling-group';
    const members = itemsOf(group, 'vdu').map((member) =>
      mapAt(member.offset, { id: copy(member, 'vdu-id-ref'), 'number-of-instances': copy(member, 'count') }),
    );
    const delta = mapAt(group.offset, {
      id: scalarAt(group.offset, `${name}-delta`),
      'vdu-delta': listAt(group.offset, members),
    });
    this.#reading.translate(group.offset, joinPath('df[0]/scaling-aspect', name), 'the scaling group became an aspect');
    return mapAt(group.offset, {
      id: scalarAt(group.offset, name),
      name: scalarAt(group.offset, name),
      'max-scale-level': copy(group, 'max-instance-count'),
      'aspect-delta-details': mapAt(group.offset, { deltas: listAt(group.offset, [delta]) }),
      'scaling-policy': copy(group, 'scaling-policy'),
      'scaling-config-action': copy(group, 'scaling-config-action'),
    });
  }
}

function uniqueById(nodes: LocatedNode[]): LocatedNode[] {
  const byId = new Map(nodes.map((node) => [textOf(node, 'id') ?? '', node]));
  return [...byId.values()];
}
