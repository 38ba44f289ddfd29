import { Type } from 'typebox';

const Name = Type.String({ minLength: 1, maxLength: 255 });
const Reference = Type.String({ minLength: 1, maxLength: 1000 });
const Open = Type.Object({}, { additionalProperties: true });
const optional = Type.Optional;

/** `POST /skerry/v1/ns_instances/{id}/actions`: what OSM calls a KDU's built-in actions, with its names of parameters. */
export const KduActionRequest = Type.Object(
  {
    vnf: Type.String({ minLength: 1, maxLength: 255, description: 'VNF instance by id, profile or name' }),
    kdu: Name,
    action: Type.Unsafe<'upgrade' | 'rollback'>({ type: 'string', enum: ['upgrade', 'rollback'] }),
    params: optional(
      Type.Object(
        {
          kdu_model: optional(Reference),
          repository: optional(Reference),
          values: optional(Open),
          reset_values: optional(Type.Boolean()),
          reuse_values: optional(Type.Boolean()),
          reset_then_reuse_values: optional(Type.Boolean()),
          revision: optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
          timeout: optional(Type.Integer({ minimum: 1, maximum: 7200, description: 'Seconds to become ready' })),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

const Revision = Type.Object({
  revision: Type.Integer(),
  cause: Type.String(),
  chart: Type.String(),
  repository: optional(Type.String()),
  version: optional(Type.String()),
  appVersion: optional(Type.String()),
  digest: optional(Type.String()),
  values: optional(Open),
  replicas: Open,
  timeoutS: optional(Type.Number()),
  at: Type.String(),
  operationId: optional(Type.String()),
});

/** One KDU: what is wanted of it, and what its site said last, with the time at which it did. */
export const KduSchema = Type.Object({
  vnfInstanceId: Type.String(),
  vnfName: Type.String(),
  vnfProfileId: Type.String(),
  name: Type.String(),
  kind: Type.String(),
  siteName: Type.String(),
  siteConnected: optional(Type.Boolean()),
  infraName: Type.String(),
  wanted: optional(Revision),
  replicas: Open,
  phase: Type.String(),
  ready: Type.Boolean(),
  message: Type.String(),
  reportedAt: optional(Type.String()),
  fresh: Type.Boolean(),
  addresses: Open,
  release: optional(Open),
  workloads: Type.Array(Open),
  pods: Type.Array(Open),
  services: Type.Array(Open),
});
export const KduWithHistorySchema = Type.Object({ ...KduSchema.properties, history: Type.Array(Revision) });
