import { type TSchema, Type } from 'typebox';

const Uri = Type.String({ minLength: 1, maxLength: 2000 });

const SubscriptionAuthentication = Type.Object(
  {
    authType: Type.Array(
      Type.Union(['BASIC', 'OAUTH2_CLIENT_CREDENTIALS', 'TLS_CERT'].map((type) => Type.Literal(type))),
      { minItems: 1 },
    ),
    paramsBasic: Type.Optional(
      Type.Object({ userName: Type.Optional(Type.String()), password: Type.Optional(Type.String()) }),
    ),
    paramsOauth2ClientCredentials: Type.Optional(
      Type.Object({
        clientId: Type.Optional(Type.String()),
        clientPassword: Type.Optional(Type.String()),
        tokenEndpoint: Type.Optional(Uri),
      }),
    ),
  },
  { additionalProperties: false },
);

/** `PkgmSubscriptionRequest` and `NsdmSubscriptionRequest` (ETSI GS NFV-SOL 005 clauses 9.5.2.5, 5.5.2.5). */
export function subscriptionRequest(filter: TSchema) {
  return Type.Object(
    {
      filter: Type.Optional(filter),
      callbackUri: Uri,
      authentication: Type.Optional(SubscriptionAuthentication),
    },
    { additionalProperties: false },
  );
}

export const SubscriptionSchema = Type.Object({
  id: Type.String(),
  filter: Type.Optional(Type.Object({}, { additionalProperties: true })),
  callbackUri: Uri,
  _links: Type.Object({ self: Type.Object({ href: Type.String() }) }),
});

/** Types were one word in 3.7.1 and are a list elsewhere: both are taken. */
export const stringOrList = Type.Union([Type.String(), Type.Array(Type.String(), { maxItems: 100 })]);
export const stringList = Type.Array(Type.String(), { maxItems: 1000 });
