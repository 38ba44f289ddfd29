import { type Static, Type } from 'typebox';

const Name = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$', description: 'Letters, digits, . _ -' });
const Url = Type.String({ minLength: 8, maxLength: 2000, description: 'https://… with an index.yaml, or oci://…' });
const Description = Type.String({ maxLength: 1000 });
const orNull = <T extends ReturnType<typeof Type.String>>(schema: T) =>
  Type.Optional(Type.Union([schema, Type.Null()]));

/** `null` takes a member away. */
const access = {
  username: orNull(Type.String({ minLength: 1, maxLength: 256 })),
  password: orNull(Type.String({ maxLength: 8192, description: 'Goes in and never comes out' })),
  caPem: orNull(Type.String({ maxLength: 64 * 1024 })),
  plainHttp: Type.Optional(Type.Boolean({ description: 'OCI registry without TLS' })),
  keyring: orNull(
    Type.String({
      maxLength: 256 * 1024,
      description: 'OpenPGP public keys, armoured or base64: only charts with a provenance by one of them are taken',
    }),
  ),
  description: Type.Optional(Description),
};

export const CreateChartRepositoryRequest = Type.Object(
  { name: Name, type: Type.Union([Type.Literal('helm'), Type.Literal('oci')]), url: Url, ...access },
  { additionalProperties: false },
);
export type CreateChartRepositoryRequest = Static<typeof CreateChartRepositoryRequest>;

export const ModifyChartRepositoryRequest = Type.Object(
  { url: Type.Optional(Url), ...access },
  { additionalProperties: false, minProperties: 1 },
);
export type ModifyChartRepositoryRequest = Static<typeof ModifyChartRepositoryRequest>;

export const ChartRepositorySchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  type: Type.String(),
  url: Type.String(),
  username: Type.Optional(Type.String()),
  hasPassword: Type.Boolean(),
  caPem: Type.Optional(Type.String()),
  plainHttp: Type.Boolean(),
  hasKeyring: Type.Boolean(),
  description: Type.String(),
  createdAt: Type.Number({ description: 'Epoch milliseconds' }),
  modifiedAt: Type.Number({ description: 'Epoch milliseconds' }),
});

export const ListedChartSchema = Type.Object({
  name: Type.String(),
  description: Type.String(),
  versions: Type.Array(Type.Object({ version: Type.String(), appVersion: Type.String() })),
});
