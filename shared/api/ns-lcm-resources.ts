import { type TSchema, Type } from 'typebox';

/** Representations of ETSI GS NFV-SOL 005 V3.7.1 clause 6.5.2: what filters may name and what the OpenAPI document shows. */
const Id = Type.String();
const Text = Type.String();
const Open = Type.Object({}, { additionalProperties: true });
const Link = Type.Object({ href: Type.String() });
const optional = Type.Optional;
const links = (names: string[], required = ['self']) =>
  Type.Object(Object.fromEntries(names.map((name) => [name, required.includes(name) ? Link : optional(Link)])));
const list = (members: Record<string, TSchema>) => Type.Array(Type.Object(members));
const texts = (names: string) => Object.fromEntries(names.split(' ').map((name) => [name, Text]));

const ResourceHandle = Type.Object({
  vimId: optional(Id),
  resourceProviderId: optional(Id),
  resourceId: Id,
  vimLevelResourceType: optional(Text),
});
const cpProtocolInfo = list({ layerProtocol: Text, ipOverEthernet: Open });

const UnitFreshness = list({
  ...texts('key kind part phase message platformId reportedAt'),
  index: Type.Integer(),
  ready: Type.Boolean(),
  fresh: Type.Boolean(),
  addresses: Open,
});

/** VnfInstance of clause 6.5.3.57, with `_skerry`: where it is, why, and each unit with its age. */
const VnfInstance = Type.Object({
  id: Id,
  vnfInstanceName: optional(Text),
  vnfInstanceDescription: optional(Text),
  ...texts('vnfdId vnfProvider vnfProductName vnfSoftwareVersion vnfdVersion vnfPkgId'),
  vimId: optional(Id),
  instantiationState: Text,
  instantiatedVnfInfo: optional(
    Type.Object({
      flavourId: Id,
      vnfState: Text,
      scaleStatus: list({ aspectId: Id, scaleLevel: Type.Integer() }),
      extCpInfo: list({ id: Id, cpdId: Id, cpProtocolInfo, associatedVnfcCpId: Id }),
      vnfcResourceInfo: list({
        id: Id,
        vduId: Id,
        computeResource: ResourceHandle,
        vnfcCpInfo: list({ id: Id, cpdId: Id, vnfExtCpId: optional(Id), cpProtocolInfo }),
      }),
      mcioInfo: optional(
        list({
          ...texts('mcioId mcioName mcioNamespace vduId cismId mcioType'),
          desiredInstances: Type.Integer(),
          availableInstances: Type.Integer(),
          additionalInfo: Open,
        }),
      ),
      vnfVirtualLinkResourceInfo: list({ id: Id, vnfVirtualLinkDescId: Id, networkResource: ResourceHandle }),
      virtualStorageResourceInfo: list({ id: Id, virtualStorageDescId: Id, storageResource: ResourceHandle }),
    }),
  ),
  _skerry: optional(
    Type.Object({
      ...texts('vnfProfileId siteName infraName managementAddress'),
      explanation: Type.Array(Text),
      units: UnitFreshness,
    }),
  ),
});

export const NsInstance = Type.Object({
  id: Id,
  nsInstanceName: Text,
  nsInstanceDescription: Text,
  nsdId: Id,
  nsdInfoId: Id,
  flavourId: optional(Id),
  priority: optional(Type.Number()),
  vnfInstance: optional(Type.Array(VnfInstance)),
  pnfInfo: optional(Type.Array(Open)),
  virtualLinkInfo: optional(
    list({ id: Id, nsVirtualLinkDescId: Id, nsVirtualLinkProfileId: Id, resourceHandle: Type.Array(ResourceHandle) }),
  ),
  vnffgInfo: optional(Type.Array(Open)),
  sapInfo: optional(Type.Array(Open)),
  nestedNsInstanceId: optional(Type.Array(Id)),
  vnfSnapshotInfoIds: optional(Type.Array(Id)),
  nsState: Text,
  monitoringParameter: optional(Type.Array(Open)),
  nsScaleStatus: optional(list({ nsScalingAspectId: Id, nsScaleLevelId: Id })),
  additionalAffinityOrAntiAffinityRule: optional(Type.Array(Open)),
  wanConnectionInfo: optional(Type.Array(Open)),
  _links: links(['self', 'instantiate', 'terminate', 'update', 'scale', 'heal']),
  _skerry: optional(
    Type.Object({
      projectId: Id,
      ...texts('createdAt modifiedAt'),
      openOperationId: optional(Id),
      siteNames: Type.Array(Text),
    }),
  ),
});

const affected = { changeType: Text, changeResult: Text };

export const NsLcmOpOcc = Type.Object({
  id: Id,
  operationState: Text,
  statusEnteredTime: Text,
  stateEnteredTime: optional(Text),
  nsInstanceId: Id,
  lcmOperationType: Text,
  startTime: Text,
  isAutomaticInvocation: Type.Boolean(),
  operationParams: optional(Open),
  isCancelPending: Type.Boolean(),
  cancelMode: optional(Text),
  error: optional(Type.Object({ type: optional(Text), title: optional(Text), status: Type.Integer(), detail: Text })),
  resourceChanges: optional(
    Type.Object({
      affectedVnfs: optional(list({ ...texts('vnfInstanceId vnfdId vnfProfileId vnfName'), ...affected })),
      affectedVls: optional(list({ ...texts('nsVirtualLinkInstanceId nsVirtualLinkDescId vlProfileId'), ...affected })),
    }),
  ),
  lcmCoordinations: optional(Type.Array(Open)),
  changedVnfInfo: optional(Type.Array(Open)),
  warnings: optional(Type.Array(Text)),
  _links: links(['self', 'nsInstance', 'cancel', 'retry', 'rollback', 'continue', 'fail'], ['self', 'nsInstance']),
  _skerry: optional(
    Type.Object({
      projectId: Id,
      explanation: Type.Array(Text),
      progress: Type.Object({
        total: Type.Integer(),
        ready: Type.Integer(),
        sites: list({
          siteName: Text,
          total: Type.Integer(),
          ready: Type.Integer(),
          connected: Type.Boolean(),
          since: Text,
          waitingFor: Type.Array(Text),
        }),
      }),
    }),
  ),
});

export const LccnSubscription = Type.Object({
  id: Id,
  filter: optional(Open),
  callbackUri: Text,
  verbosity: optional(Text),
  _links: links(['self']),
});
