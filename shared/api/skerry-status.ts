import { type Static, Type } from 'typebox';

/** `GET /skerry/v1/status`. NS instances and operations are those of the caller's project. */
export const StatusSchema = Type.Object({
  version: Type.String(),
  startedAt: Type.Number({ description: 'Epoch milliseconds' }),
  uptimeMs: Type.Number(),
  storeRevision: Type.Number(),
  counts: Type.Object({
    sites: Type.Integer(),
    agents: Type.Integer(),
    agentsConnected: Type.Integer(),
    infras: Type.Integer(),
    vnfPackages: Type.Integer(),
    nsds: Type.Integer(),
    nsInstances: Type.Integer(),
    openOperations: Type.Integer(),
  }),
});
export type ControllerStatus = Static<typeof StatusSchema>;
