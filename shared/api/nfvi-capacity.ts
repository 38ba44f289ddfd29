import { Type } from 'typebox';

const Text = Type.String({ minLength: 1, maxLength: 2000 });
const Amount = Type.Object({}, { additionalProperties: true });
const optional = Type.Optional;
const oneOf = <T extends string>(...values: T[]) => Type.Unsafe<T>({ type: 'string', enum: values });

const CapacityMeasurement = Type.Object({
  resourceType: Type.String(),
  capacityMeasurementName: Type.String(),
  totalCapacity: Amount,
  allocatedCapacity: Amount,
  reservedCapacity: optional(Amount),
  availableCapacity: Amount,
});

/** ETSI GS NFV-SOL 005 clause 10.5.2.2. */
export const NfviCapacityInfo = Type.Object({
  id: Type.String(),
  vimId: Type.String(),
  capacityInfoPerZone: Type.Array(
    Type.Object({ resourceZoneId: optional(Type.String()), capacityMeasurements: Type.Array(CapacityMeasurement) }),
  ),
  timeInterval: optional(Type.Object({ aTime: Type.String(), bTime: optional(Type.String()) })),
  _skerry: optional(
    Type.Object({
      name: Type.String(),
      kind: Type.String(),
      connected: Type.Boolean(),
      healthy: Type.Boolean(),
      schedulable: Type.Boolean(),
      reportedAt: optional(Type.String()),
      /** What runs uses now, where the platform measures it; allocated is what is promised to it. */
      measured: optional(Type.Object({}, { additionalProperties: Type.Number() })),
      cluster: optional(Type.Object({ version: Type.String(), nodes: Type.Number(), nodesReady: Type.Number() })),
    }),
  ),
});

const authentication = Type.Object(
  {
    authType: Type.Array(oneOf('BASIC', 'OAUTH2_CLIENT_CREDENTIALS', 'TLS_CERT'), { minItems: 1, maxItems: 3 }),
    paramsBasic: optional(
      Type.Object({ userName: optional(Text), password: optional(Text) }, { additionalProperties: false }),
    ),
    paramsOauth2ClientCredentials: optional(
      Type.Object(
        { clientId: optional(Text), clientPassword: optional(Text), tokenEndpoint: optional(Text) },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
const criteria = Type.Object(
  {
    capacityMetric: Type.Object(
      {
        resourceType: oneOf('VR_COMPUTE', 'VR_STORAGE'),
        capacityMeasurementName: Text,
        capacityType: oneOf('TOTAL', 'ALLOCATED', 'RESERVED', 'AVAILABLE'),
      },
      { additionalProperties: false },
    ),
    thresholdType: oneOf('SIMPLE'),
    simpleThresholdDetails: optional(
      Type.Array(
        Type.Object(
          { thresholdValue: Type.Number(), hysteresis: Type.Number({ minimum: 0 }) },
          { additionalProperties: false },
        ),
        { maxItems: 10 },
      ),
    ),
  },
  { additionalProperties: false },
);

/** ETSI GS NFV-SOL 005 clauses 10.5.2.5 to 10.5.2.7. */
export const CreateCapacityThresholdRequest = Type.Object(
  {
    objectInstanceId: Text,
    subObjectInstanceIds: optional(Type.Array(Text, { maxItems: 100 })),
    criteria,
    callbackUri: Text,
    authentication: optional(authentication),
  },
  { additionalProperties: false },
);
export const CapacityThresholdModifications = Type.Object(
  { callbackUri: optional(Text), authentication: optional(authentication) },
  { additionalProperties: false, minProperties: 1 },
);
export const CapacityThreshold = Type.Object({
  id: Type.String(),
  objectInstanceId: Type.String(),
  subObjectInstanceIds: optional(Type.Array(Type.String())),
  criteria,
  callbackUri: Type.String(),
  _links: Type.Object({
    self: Type.Object({ href: Type.String() }),
    object: optional(Type.Object({ href: Type.String() })),
  }),
});
