import type { Reading } from '../reading/reading.ts';
import { entryOf, itemsOf, type LocatedNode, listAt, mapAt, scalarAt, textOf } from '../text/located-node.ts';
import { copy, dayOneTwo, dropOthers, monitoringParameter, moved, namedText } from './legacy-fields.ts';

const usedFields = [
  'id',
  'name',
  'description',
  'image',
  'count',
  'vm-flavor',
  'guest-epa',
  'interface',
  'internal-connection-point',
  'cloud-init',
  'cloud-init-file',
  'supplemental-boot-data',
  'pdu-type',
  'volumes',
  'alternative-images',
  'monitoring-param',
  'vdu-configuration',
  'alarm',
  'short-name',
];

interface LegacyVduContext {
  reading: Reading;
  /** Names of the VNF's connection points. */
  connectionPoints: ReadonlySet<string>;
  /** Internal connection point → id of the internal link. */
  links: ReadonlyMap<string, LocatedNode>;
}

/** One vdu from before SOL006, in the several places where SOL006 has its parts. */
export class LegacyVdu {
  readonly id: string | undefined;
  readonly #node: LocatedNode;
  readonly #context: LegacyVduContext;

  constructor(node: LocatedNode, context: LegacyVduContext) {
    this.#node = node;
    this.#context = context;
    this.id = textOf(node, 'id');
  }

  vdu(ofVnf: LocatedNode[]): LocatedNode {
    const node = this.#node;
    const { reading } = this.#context;
    const path = `vdu/${this.id ?? ''}`;
    moved(reading, node, 'vm-flavor', 'virtual-compute-desc');
    moved(reading, node, 'guest-epa', 'virtual-compute-desc');
    moved(reading, node, 'image', 'sw-image-desc');
    moved(reading, node, 'interface', 'int-cpd');
    moved(reading, node, 'count', 'df[0]/instantiation-level[0]/vdu-level');
    moved(reading, node, 'vdu-configuration', 'df[0]/lcm-operations-configuration/…/day1-2');
    if (node.kind === 'map') dropOthers(reading, node, path, usedFields);
    const storages = this.storages().flatMap((storage) => copy(storage, 'id') ?? []);
    return mapAt(node.offset, {
      id: copy(node, 'id'),
      name: copy(node, 'name') ?? copy(node, 'id'),
      description: copy(node, 'description'),
      'sw-image-desc': copy(node, 'image'),
      'alternative-sw-image-desc': listAt(
        node.offset,
        this.#alternatives().flatMap((each) => copy(each, 'id') ?? []),
      ),
      'virtual-compute-desc': copy(this.compute(), 'id'),
      'virtual-storage-desc': listAt(node.offset, storages),
      'int-cpd': listAt(
        node.offset,
        itemsOf(node, 'interface').map((each) => this.#intCpd(each)),
      ),
      'cloud-init': copy(node, 'cloud-init'),
      'cloud-init-file': copy(node, 'cloud-init-file'),
      'supplemental-boot-data': copy(node, 'supplemental-boot-data'),
      'pdu-type': copy(node, 'pdu-type'),
      alarm: copy(node, 'alarm'),
      'monitoring-parameter': listAt(node.offset, this.#monitoring(ofVnf)),
    });
  }

  compute(): LocatedNode {
    const node = this.#node;
    const flavor = entryOf(node, 'vm-flavor');
    const epa = entryOf(node, 'guest-epa');
    const quota = (field: string) => copy(epa, field);
    return mapAt(node.offset, {
      id: namedText(node, `${this.id ?? ''}-compute`),
      'virtual-cpu': mapAt(flavor?.offset ?? node.offset, {
        'num-virtual-cpu': copy(flavor, 'vcpu-count'),
        pinning: mapAt(epa?.offset ?? 0, {
          policy: copy(epa, 'cpu-pinning-policy'),
          'thread-policy': copy(epa, 'cpu-thread-pinning-policy'),
        }),
        'cpu-quota': quota('cpu-quota'),
      }),
      'virtual-memory': mapAt(flavor?.offset ?? node.offset, {
        size: gibFromMib(copy(flavor, 'memory-mb')),
        'mempage-size': copy(epa, 'mempage-size'),
        'numa-node-policy': numaPolicy(entryOf(epa, 'numa-node-policy')),
        'mem-quota': quota('mem-quota'),
      }),
      'disk-io-quota': quota('disk-io-quota'),
      'vif-quota': quota('vif-quota'),
    });
  }

  storages(): LocatedNode[] {
    const node = this.#node;
    const size = copy(entryOf(node, 'vm-flavor'), 'storage-gb');
    const root =
      size === undefined
        ? []
        : [mapAt(size.offset, { id: scalarAt(size.offset, `${this.id ?? ''}-storage`), 'size-of-storage': size })];
    const volumes = itemsOf(node, 'volumes').map((volume) =>
      mapAt(volume.offset, {
        id: namedText(volume, `${this.id ?? ''}-${textOf(volume, 'name') ?? 'volume'}`),
        'type-of-storage': scalarAt(volume.offset, 'persistent-storage'),
        'size-of-storage': copy(volume, 'size'),
      }),
    );
    return [...root, ...volumes];
  }

  images(): LocatedNode[] {
    const image = copy(this.#node, 'image');
    const own = image === undefined ? [] : [mapAt(image.offset, { id: image, name: image, image })];
    return [...own, ...this.#alternatives()];
  }

  level(): LocatedNode {
    const count = copy(this.#node, 'count') ?? scalarAt(this.#node.offset, '1');
    return mapAt(this.#node.offset, { 'vdu-id': copy(this.#node, 'id'), 'number-of-instances': count });
  }

  profile(growth: number | undefined): LocatedNode {
    const { offset } = this.#node;
    const count = copy(this.#node, 'count') ?? scalarAt(offset, '1');
    const start = Number(count.kind === 'scalar' ? count.text : 1);
    const maximum = growth === undefined ? undefined : start + growth;
    return mapAt(offset, {
      id: copy(this.#node, 'id'),
      'min-number-of-instances': count,
      'max-number-of-instances': maximum === undefined ? undefined : scalarAt(offset, String(maximum)),
    });
  }

  configuration(): LocatedNode[] {
    const own = entryOf(this.#node, 'vdu-configuration');
    return own === undefined ? [] : [dayOneTwo(own, this.id)];
  }

  firstExternalPoint(): string | undefined {
    return itemsOf(this.#node, 'interface').flatMap((each) => textOf(each, 'external-connection-point-ref') ?? [])[0];
  }

  /** `{vdu-id, cpd}` when one of the vdu's interfaces carries the VNF's connection point. */
  exposing(connectionPoint: string): LocatedNode | undefined {
    const found = itemsOf(this.#node, 'interface').find(
      (each) => textOf(each, 'external-connection-point-ref') === connectionPoint,
    );
    if (found === undefined) return undefined;
    return mapAt(found.offset, { 'vdu-id': copy(this.#node, 'id'), cpd: namedText(found, intCpdId(found)) });
  }

  #intCpd(node: LocatedNode): LocatedNode {
    const internal = textOf(node, 'internal-connection-point-ref');
    const external = textOf(node, 'external-connection-point-ref');
    if (external !== undefined && !this.#context.connectionPoints.has(external)) {
      this.#context.reading.complainAt('error', `vdu/${this.id ?? ''}/interface`, node.offset, {
        code: 'BrokenReference',
        message: `'${external}' is not the name of any connection-point`,
        remedy: `name one of ${[...this.#context.connectionPoints].slice(0, 6).join(', ')}`,
      });
    }
    const requirement = mapAt(node.offset, {
      name: copy(node, 'name'),
      position: copy(node, 'position'),
      'mac-address': copy(node, 'mac-address'),
      'virtual-interface': copy(node, 'virtual-interface'),
    });
    return mapAt(node.offset, {
      id: namedText(node, intCpdId(node)),
      'int-virtual-link-desc': internal === undefined ? undefined : this.#context.links.get(internal),
      'virtual-network-interface-requirement': listAt(node.offset, [requirement]),
    });
  }

  #alternatives(): LocatedNode[] {
    return itemsOf(this.#node, 'alternative-images').map((image) => {
      const name = textOf(image, 'image') ?? '';
      return mapAt(image.offset, {
        id: namedText(image, `${name}-${textOf(image, 'vim-type') ?? 'alternative'}`),
        name: copy(image, 'image'),
        image: copy(image, 'image'),
        'vim-type': copy(image, 'vim-type'),
      });
    });
  }

  /** Parameters of the VNF that point at this vdu take over its metric and keep the id that scaling policies name. */
  #monitoring(ofVnf: LocatedNode[]): LocatedNode[] {
    const own = itemsOf(this.#node, 'monitoring-param');
    const pointed = ofVnf.map((parameter) => {
      const reference = textOf(entryOf(parameter, 'vdu-monitoring-param'), 'vdu-monitoring-param-ref');
      const metric = copy(
        own.find((each) => textOf(each, 'id') === reference),
        'nfvi-metric',
      );
      const fields = { id: copy(parameter, 'id'), name: copy(parameter, 'name'), 'performance-metric': metric };
      return mapAt(parameter.offset, fields);
    });
    const taken = new Set(pointed.flatMap((each) => textOf(each, 'id') ?? []));
    return [...pointed, ...own.filter((each) => !taken.has(textOf(each, 'id') ?? '')).map(monitoringParameter)];
  }
}

function intCpdId(node: LocatedNode): string | undefined {
  const name = textOf(node, 'name');
  return name === undefined ? undefined : `${name}-int`;
}

/** Legacy memory is MiB, SOL006's is GiB. What is no number stays as it is, for the schema to complain about. */
function gibFromMib(value: LocatedNode | undefined): LocatedNode | undefined {
  if (value?.kind !== 'scalar' || !/^\d+$/.test(value.text.trim())) return value;
  return scalarAt(value.offset, String(Number(value.text) / 1024));
}

function numaPolicy(policy: LocatedNode | undefined): LocatedNode | undefined {
  if (policy === undefined) return undefined;
  return mapAt(policy.offset, {
    'numa-cnt': copy(policy, 'node-cnt'),
    'mem-policy': copy(policy, 'mem-policy'),
    node: copy(policy, 'node'),
  });
}
