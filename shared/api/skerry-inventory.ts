import { type Static, Type } from 'typebox';

const Name = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$', description: 'Letters, digits, . _ -' });
const Labels = Type.Record(Type.String({ maxLength: 63 }), Type.String({ maxLength: 255 }));
const Description = Type.String({ maxLength: 1000 });
const Milliseconds = Type.Number({ description: 'Epoch milliseconds' });
const Open = Type.Object({}, { additionalProperties: true });

export const CreateSiteRequest = Type.Object(
  { name: Name, description: Type.Optional(Description), labels: Type.Optional(Labels) },
  { additionalProperties: false },
);
export type CreateSiteRequest = Static<typeof CreateSiteRequest>;

export const ModifySiteRequest = Type.Object(
  { description: Type.Optional(Description), labels: Type.Optional(Labels) },
  { additionalProperties: false, minProperties: 1 },
);
export type ModifySiteRequest = Static<typeof ModifySiteRequest>;

export const SiteSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  labels: Labels,
  location: Type.Optional(Type.Object({ latitude: Type.Number(), longitude: Type.Number() })),
  createdAt: Milliseconds,
});

export const AgentSchema = Type.Object({
  id: Type.String(),
  siteId: Type.String(),
  name: Type.String(),
  revoked: Type.Boolean(),
  enrolledAt: Milliseconds,
  certificate: Type.Object({ serial: Type.String(), notAfter: Milliseconds }),
  versions: Type.Object({ agent: Type.String(), protocol: Type.Number() }),
  status: Type.Object({
    connected: Type.Boolean(),
    since: Milliseconds,
    lastSeenAt: Milliseconds,
    ackedGeneration: Type.Number(),
    alarms: Type.Array(Type.String()),
  }),
});

export const CreateJoinTokenRequest = Type.Object(
  {
    siteId: Type.String({ maxLength: 100, description: 'Id or name of the site' }),
    agentName: Type.Optional(Name),
    validForMs: Type.Optional(Type.Integer({ minimum: 1000, maximum: 366 * 24 * 3_600_000 })),
  },
  { additionalProperties: false },
);
export type CreateJoinTokenRequest = Static<typeof CreateJoinTokenRequest>;

export const JoinTokenSchema = Type.Object({
  id: Type.String(),
  siteId: Type.String(),
  agentName: Type.String(),
  createdAt: Milliseconds,
  expiresAt: Milliseconds,
  createdBy: Type.String(),
  used: Type.Optional(Type.Object({ agentId: Type.String(), at: Milliseconds })),
});
/** The printable token is in this answer only. */
export const IssuedJoinTokenSchema = Type.Object({ ...JoinTokenSchema.properties, token: Type.String() });

export const CreateInfraRequest = Type.Object(
  {
    name: Name,
    agentId: Type.String({ maxLength: 100, description: 'Id or name of the agent that reaches it' }),
    kind: Type.String({ pattern: '^[a-z][a-z0-9-]{0,40}$', description: 'Connector kind: simulated, openstack, …' }),
    settings: Type.Optional(Open),
    labels: Type.Optional(Labels),
  },
  { additionalProperties: false },
);
export type CreateInfraRequest = Static<typeof CreateInfraRequest>;

const MergedLabels = Type.Record(
  Type.String({ maxLength: 63 }),
  Type.Union([Type.String({ maxLength: 255 }), Type.Null()]),
);

/** Settings and labels are merged (RFC 7396): null takes a member away, what is absent stays. */
export const ModifyInfraRequest = Type.Object(
  { settings: Type.Optional(Open), labels: Type.Optional(MergedLabels), schedulable: Type.Optional(Type.Boolean()) },
  { additionalProperties: false, minProperties: 1 },
);
export type ModifyInfraRequest = Static<typeof ModifyInfraRequest>;

export const InfraSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  siteId: Type.String(),
  agentId: Type.String(),
  kind: Type.String(),
  settings: Open,
  labels: Labels,
  schedulable: Type.Boolean(),
  createdAt: Milliseconds,
  revision: Type.Optional(
    Type.Number({
      description: 'What the agent has to know changed last; its word on it has a status.revision as high',
    }),
  ),
  status: Open,
  ledger: Open,
  ageMs: Type.Optional(Type.Number({ description: 'Age of the newest facts' })),
  connected: Type.Boolean(),
});
