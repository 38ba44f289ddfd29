import { NsInstance as NsInstanceSchema } from '#shared/api/ns-lcm-resources.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { NsDesired, NsInstance } from '#shared/model/ns-lcm.ts';
import type { Clock } from '#shared/runtime/index.ts';
import type { NsView } from '../../lcm/lcm.ts';
import type { ApiVersion } from '../sol013/api-version.ts';
import { dateTime } from '../sol013/date-time.ts';
import { byCreation, defineResource, type Resource } from '../sol013/resource.ts';
import type { VnfFactsDirectory } from './vnf-facts.ts';
import { renderVnfInstance } from './vnf-instance.ts';

/** NsInstance (ETSI GS NFV-SOL 005 clause 6.5.2.10), with Skerry's own members under `_skerry`. */
export function nsInstanceResource(
  api: ApiVersion,
  { directory, clock }: { directory: VnfFactsDirectory; clock: Clock },
): Resource<NsView> {
  return defineResource<NsView>({
    name: `NsInstance ${api.major}`,
    schema: NsInstanceSchema,
    excludedByDefault: [
      ...['vnfInstance', 'pnfInfo', 'virtualLinkInfo', 'vnffgInfo', 'sapInfo', 'nsScaleStatus'],
      ...['additionalAffinityOrAntiAffinityRule', 'wanConnectionInfo'],
    ],
    id: (view) => view.ns.id,
    sortKey: (view) => byCreation(view.ns.createdAt, view.ns.id),
    revision: (view) => `${view.etag}${freshBits(view)}`,
    render: (view, baseUrl) => renderNs(view, { root: `${baseUrl}${api.prefix}`, directory, now: clock.now() }),
  });
}

/** Freshness and the link come and go without a revision of any unit: they have to be a part of the tag. */
function freshBits({ vnfs }: NsView): string {
  let bits = '';
  for (const vnf of vnfs) for (const unit of vnf.units) bits += unit.fresh ? '1' : vnf.isSiteConnected ? '2' : '0';
  if (!/[12]/.test(bits)) return '';
  return /[02]/.test(bits) ? `-${bits}` : '-1';
}

function renderNs(
  view: NsView,
  { root, directory, now }: { root: string; directory: VnfFactsDirectory; now: number },
): JsonObject {
  const { ns, vnfs } = view;
  const { desired } = ns;
  return {
    id: ns.id,
    nsInstanceName: ns.name,
    nsInstanceDescription: ns.description,
    nsdId: ns.nsdId,
    nsdInfoId: ns.nsdInfoId,
    ...(ns.flavourId !== undefined && { flavourId: ns.flavourId }),
    vnfInstance: vnfs.map((vnf) => {
      const wanted = desired?.vnfs.find((one) => one.vnfInstanceId === vnf.vnf.id);
      return renderVnfInstance(vnf, wanted, { facts: directory.of(ns, vnf.vnf), now });
    }),
    ...(desired && { virtualLinkInfo: virtualLinks(desired), nsScaleStatus: scaleStatus(desired) }),
    nsState: ns.state,
    _links: links(ns, `${root}/ns_instances/${ns.id}`),
    _skerry: {
      projectId: ns.projectId,
      createdAt: dateTime(ns.createdAt),
      modifiedAt: dateTime(ns.modifiedAt),
      ...(ns.openOperationId !== undefined && { openOperationId: ns.openOperationId }),
      siteNames: [...new Set(vnfs.map((vnf) => vnf.siteName))].filter((name) => name !== '').sort(),
    },
  };
}

/** One entry per virtual link. Segments whose name at the VIM is given are named; others belong to the site. */
function virtualLinks(desired: NsDesired): JsonObject[] {
  const byLink = Map.groupBy(desired.networks, (network) => network.virtualLinkId);
  return [...byLink].map(([id, segments]) => ({
    id,
    nsVirtualLinkDescId: id,
    nsVirtualLinkProfileId: id,
    resourceHandle: segments
      .filter((segment) => segment.vimNetworkName !== undefined)
      .map((segment) => ({
        vimId: segment.infraId,
        resourceId: segment.vimNetworkName,
        vimLevelResourceType: 'network',
      })),
  }));
}

function scaleStatus(desired: NsDesired): JsonObject[] {
  return Object.entries(desired.scaleLevels).map(([nsScalingAspectId, level]) => ({
    nsScalingAspectId,
    nsScaleLevelId: String(level),
  }));
}

/** Links to tasks that the present state allows. */
function links(ns: NsInstance, self: string): JsonObject {
  const tasks = ns.state === 'INSTANTIATED' ? ['terminate', 'scale', 'heal'] : ['instantiate'];
  return {
    self: { href: self },
    ...Object.fromEntries(tasks.map((task) => [task, { href: `${self}/${task}` }])),
  };
}
