import { type Static, Type } from 'typebox';
import { clusterLimits } from '../model/clusters.ts';
import { CreateInfraRequest, InfraSchema } from './skerry-inventory.ts';

const Name = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$', description: 'Letters, digits, . _ -' });
const ApplicationName = Type.String({
  pattern: '^[a-z0-9]([-a-z0-9]{0,51}[a-z0-9])?$',
  description: 'Small letters, digits and dashes, at most 53',
});
const Namespace = Type.String({ pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$', description: 'A DNS label' });
const Labels = Type.Record(Type.String({ maxLength: 63 }), Type.String({ maxLength: 255 }));
const Description = Type.String({ maxLength: 1000 });
const Milliseconds = Type.Number({ description: 'Epoch milliseconds' });
const Open = Type.Object({}, { additionalProperties: true });
const ByName = Type.String({ maxLength: 100, description: 'Id or name' });

export const CreateClusterRequest = Type.Omit(CreateInfraRequest, ['kind'], { additionalProperties: false });
export type CreateClusterRequest = Static<typeof CreateClusterRequest>;

export const CreateProfileRequest = Type.Object(
  { name: Name, description: Type.Optional(Description), labels: Type.Optional(Labels) },
  { additionalProperties: false },
);
export type CreateProfileRequest = Static<typeof CreateProfileRequest>;

export const ModifyProfileRequest = Type.Object(
  { description: Type.Optional(Description), labels: Type.Optional(Labels) },
  { additionalProperties: false, minProperties: 1 },
);
export type ModifyProfileRequest = Static<typeof ModifyProfileRequest>;

const applicationWish = {
  chart: Type.Optional(
    Type.String({ minLength: 1, maxLength: 500, description: '`repo/chart:version`, `oci://…`, or the URL of a .tgz' }),
  ),
  repository: Type.Optional(Type.String({ maxLength: 500, description: 'URL of a Helm repository, or oci://…' })),
  version: Type.Optional(Type.String({ maxLength: 100, description: 'Absent: the newest there is now' })),
  values: Type.Optional(Open),
  manifests: Type.Optional(Type.Array(Open, { minItems: 1, maxItems: 2_000 })),
  namespace: Type.Optional(Namespace),
  releaseName: Type.Optional(ApplicationName),
  timeoutS: Type.Optional(Type.Integer({ minimum: 1, maximum: clusterLimits.timeoutS })),
  order: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: clusterLimits.order,
      description: 'Lower ones are ready before higher ones begin',
    }),
  ),
};
/** One of `chart` and `manifests`. */
export const PutApplicationRequest = Type.Object(applicationWish, { additionalProperties: false });
export type PutApplicationRequest = Static<typeof PutApplicationRequest>;
export const CreateApplicationRequest = Type.Object(
  { name: ApplicationName, ...applicationWish },
  { additionalProperties: false },
);
export type CreateApplicationRequest = Static<typeof CreateApplicationRequest>;

export const CloneApplicationRequest = Type.Object(
  {
    profile: Type.Optional(ByName),
    name: Type.Optional(ApplicationName),
    namespace: Type.Optional(Namespace),
    releaseName: Type.Optional(ApplicationName),
  },
  { additionalProperties: false },
);
export type CloneApplicationRequest = Static<typeof CloneApplicationRequest>;

export const MoveApplicationRequest = Type.Object({ profile: ByName }, { additionalProperties: false });
export type MoveApplicationRequest = Static<typeof MoveApplicationRequest>;

export const RetryApplicationRequest = Type.Object({ cluster: Type.Optional(ByName) }, { additionalProperties: false });
export type RetryApplicationRequest = Static<typeof RetryApplicationRequest>;

export const ProfileSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  labels: Labels,
  generation: Type.Number({ description: '+1 with each change of its applications' }),
  appliedGeneration: Type.Number({ description: 'Every attached cluster is asked for at least this' }),
  applicationCount: Type.Number(),
  clusterCount: Type.Number(),
  createdAt: Milliseconds,
  modifiedAt: Milliseconds,
});

export const ApplicationSchema = Type.Object({
  name: Type.String(),
  profileId: Type.String(),
  kind: Type.Union([Type.Literal('helm-release'), Type.Literal('manifests')]),
  revision: Type.Number(),
  namespace: Type.String(),
  releaseName: Type.String(),
  order: Type.Number(),
  chart: Type.Optional(Type.String()),
  repository: Type.Optional(Type.String()),
  version: Type.Optional(Type.String()),
  appVersion: Type.Optional(Type.String()),
  digest: Type.Optional(Type.String()),
  values: Type.Optional(Open),
  manifests: Type.Optional(Type.Array(Open)),
  timeoutS: Type.Optional(Type.Number()),
  createdAt: Milliseconds,
  modifiedAt: Milliseconds,
});

export const ApplicationStatusSchema = Type.Object({
  profileId: Type.String(),
  profileName: Type.String(),
  application: Type.String(),
  infraId: Type.String(),
  infraName: Type.String(),
  siteName: Type.String(),
  revision: Type.Number({ description: 'Wanted' }),
  chart: Type.String(),
  version: Type.String(),
  namespace: Type.String(),
  state: Type.Union(
    ['ready', 'pending', 'failed', 'given-up', 'removing'].map((state) => Type.Literal(state)),
    { description: 'As it was last told' },
  ),
  message: Type.String(),
  ageMs: Type.Optional(Type.Number({ description: 'Since the last report of it' })),
  connected: Type.Boolean({ description: 'Is the site’s agent there?' }),
  key: Type.String({ description: 'Of the unit at the agent' }),
});

export const ProfileStatusSchema = Type.Object({
  items: Type.Array(ApplicationStatusSchema),
  next: Type.Optional(Type.String({ description: 'Value of `after` for the next page' })),
});

export const AttachedProfileSchema = Type.Object({
  profileId: Type.String(),
  name: Type.String(),
  state: Type.Union([Type.Literal('attached'), Type.Literal('detaching')]),
  since: Milliseconds,
});

export const ClusterSchema = Type.Object({
  ...InfraSchema.properties,
  profiles: Type.Array(AttachedProfileSchema),
  deregistration: Type.Optional(
    Type.Object({
      workloads: Type.Union([Type.Literal('keep'), Type.Literal('remove')]),
      startedAt: Milliseconds,
      message: Type.String(),
    }),
  ),
});
export const ClusterDetailsSchema = Type.Object({
  ...ClusterSchema.properties,
  applications: Type.Array(ApplicationStatusSchema),
});

export const DeregisterQuery = Type.Object(
  {
    workloads: Type.Optional(
      Type.Union([Type.Literal('keep'), Type.Literal('remove')], {
        description: 'keep (unless told otherwise): nothing that runs is touched, now or later',
      }),
    ),
  },
  { additionalProperties: false },
);
export type DeregisterQuery = Static<typeof DeregisterQuery>;

export const DetachQuery = Type.Object(
  {
    keep: Type.Optional(
      Type.Union([Type.Literal('true'), Type.Literal('false')], { description: 'What runs stays, and is forgotten' }),
    ),
  },
  { additionalProperties: false },
);
export type DetachQuery = Static<typeof DetachQuery>;

export const StatusQuery = Type.Object(
  {
    after: Type.Optional(Type.String({ maxLength: 100 })),
    limit: Type.Optional(Type.String({ pattern: '^([1-9]\\d{0,2}|1000)$', description: 'From 1 to 1000' })),
  },
  { additionalProperties: false },
);
export type StatusQuery = Static<typeof StatusQuery>;
