import type { Reading } from '../reading/reading.ts';
import { itemsOf, type LocatedNode, listAt, type MapNode, mapAt, scalarAt, textOf } from '../text/located-node.ts';
import { copy, dropOthers, ipProfiles, linkProfile, moved, namedText } from './legacy-fields.ts';

const usedFields = [
  'id',
  'name',
  'short-name',
  'vendor',
  'version',
  'description',
  'logo',
  'constituent-vnfd',
  'vld',
  'ip-profiles',
  'ns-configuration',
];

/** One NSD from before SOL006. */
export class LegacyNsd {
  readonly #node: MapNode;
  readonly #reading: Reading;
  readonly #path: string;

  constructor(node: MapNode, reading: Reading, path: string) {
    this.#node = node;
    this.#reading = reading;
    this.#path = path;
  }

  translate(): MapNode {
    const node = this.#node;
    moved(this.#reading, node, 'vendor', 'designer');
    moved(this.#reading, node, 'constituent-vnfd', 'df[0]/vnf-profile');
    moved(this.#reading, node, 'vld', 'virtual-link-desc');
    dropOthers(this.#reading, node, this.#path, usedFields);
    this.#checkMembers();
    const members = itemsOf(node, 'constituent-vnfd');
    const vnfdIds = new Map(
      members.map((member) => [textOf(member, 'vnfd-id-ref') ?? '', copy(member, 'vnfd-id-ref')]),
    );
    const flavour = mapAt(node.offset, {
      id: scalarAt(node.offset, 'default-df'),
      'vnf-profile': listAt(
        node.offset,
        members.map((member) => this.#profile(member)),
      ),
      'virtual-link-profile': listAt(node.offset, this.#linkProfiles()),
    });
    return mapAt(node.offset, {
      id: copy(node, 'id'),
      name: copy(node, 'name'),
      designer: copy(node, 'vendor'),
      version: copy(node, 'version'),
      description: copy(node, 'description'),
      'vnfd-id': listAt(
        node.offset,
        [...vnfdIds.values()].filter((each) => each !== undefined),
      ),
      'virtual-link-desc': listAt(
        node.offset,
        itemsOf(node, 'vld').map((link) => this.#link(link)),
      ),
      'ns-configuration': copy(node, 'ns-configuration'),
      df: listAt(node.offset, [flavour]),
    });
  }

  #link(link: LocatedNode): LocatedNode {
    return mapAt(link.offset, {
      id: copy(link, 'id'),
      description: copy(link, 'description'),
      'mgmt-network': copy(link, 'mgmt-network'),
      'vim-network-name': copy(link, 'vim-network-name'),
      'provider-network': copy(link, 'provider-network'),
    });
  }

  #profile(member: LocatedNode): LocatedNode {
    const index = textOf(member, 'member-vnf-index');
    const connectivity = itemsOf(this.#node, 'vld').flatMap((link) => {
      const points = itemsOf(link, 'vnfd-connection-point-ref').filter(
        (point) => textOf(point, 'member-vnf-index-ref') === index,
      );
      if (points.length === 0) return [];
      const constituents = points.map((point) => this.#constituent(point, index));
      const fields = {
        'virtual-link-profile-id': copy(link, 'id'),
        'constituent-cpd-id': listAt(link.offset, constituents),
      };
      return [mapAt(link.offset, fields)];
    });
    this.#reading.translate(member.offset, 'df[0]/vnf-profile', `member '${index ?? ''}' became a vnf-profile`);
    return mapAt(member.offset, {
      id: copy(member, 'member-vnf-index'),
      'vnfd-id': copy(member, 'vnfd-id-ref'),
      'virtual-link-connectivity': listAt(member.offset, connectivity),
    });
  }

  #constituent(point: LocatedNode, index: string | undefined): LocatedNode {
    const name = textOf(point, 'vnfd-connection-point-ref');
    return mapAt(point.offset, {
      'constituent-base-element-id': namedText(point, index),
      'constituent-cpd-id': namedText(point, name === undefined ? undefined : `${name}-ext`),
      'ip-address': copy(point, 'ip-address'),
    });
  }

  #linkProfiles(): LocatedNode[] {
    const profiles = ipProfiles(this.#node);
    return itemsOf(this.#node, 'vld').flatMap((link) => {
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

  #checkMembers(): void {
    const known = new Set(
      itemsOf(this.#node, 'constituent-vnfd').flatMap((each) => textOf(each, 'member-vnf-index') ?? []),
    );
    for (const link of itemsOf(this.#node, 'vld')) {
      for (const point of itemsOf(link, 'vnfd-connection-point-ref')) {
        const index = textOf(point, 'member-vnf-index-ref') ?? '';
        if (known.has(index)) continue;
        this.#reading.complainAt('error', `${this.#path}/vld`, point.offset, {
          code: 'BrokenReference',
          message: `'${index}' is not the member-vnf-index of any constituent-vnfd`,
          remedy: `name one of ${[...known].slice(0, 6).join(', ')}`,
        });
      }
    }
  }
}
