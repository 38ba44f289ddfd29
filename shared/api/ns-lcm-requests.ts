import { type TSchema, Type } from 'typebox';

/**
 * Request bodies of ETSI GS NFV-SOL 005 V3.7.1 clause 6.5.2. Every member of the document is known, so that only typos are
 * refused; members that Skerry does not act on are open (`Unread`) and kept in the operation's parameters.
 */
const Identifier = Type.String({ minLength: 1, maxLength: 255 });
const Text = Type.String({ maxLength: 4000 });
const DateTime = Type.String({ maxLength: 40, description: 'RFC 3339' });
const KeyValuePairs = Type.Object({}, { additionalProperties: true });
const Unread = Type.Unknown({ description: 'Known to SOL005, not acted on' });
const optional = Type.Optional;
const list = (item: TSchema, maxItems = 1000) => Type.Array(item, { maxItems });
const strict = <T extends Record<string, TSchema>>(members: T) => Type.Object(members, { additionalProperties: false });
const oneOf = <T extends string>(...values: T[]) => Type.Unsafe<T>({ type: 'string', enum: values });
const unread = (names: string) => Object.fromEntries(names.split(' ').map((name) => [name, optional(Unread)]));

export const CreateNsRequest = strict({
  nsdId: Identifier,
  nsName: Type.String({ minLength: 1, maxLength: 255 }),
  nsDescription: optional(Text),
});

const VnfLocationConstraint = strict({ vnfProfileId: Identifier, locationConstraints: optional(KeyValuePairs) });
const ParamsForVnf = strict({
  vnfProfileId: Identifier,
  vnfInstanceName: optional(Type.String({ maxLength: 255 })),
  vnfInstanceDescription: optional(Text),
  vnfConfigurableProperties: optional(KeyValuePairs),
  metadata: optional(KeyValuePairs),
  extensions: optional(KeyValuePairs),
  additionalParams: optional(KeyValuePairs),
});
const PlacementWish = strict({
  site: optional(Identifier),
  infra: optional(Identifier),
  labels: optional(Type.Record(Type.String(), Type.String())),
});

export const InstantiateNsRequest = strict({
  nsFlavourId: optional(Identifier),
  nsInstantiationLevelId: optional(Identifier),
  additionalParamsForNs: optional(KeyValuePairs),
  additionalParamsForVnf: optional(list(ParamsForVnf)),
  locationConstraints: optional(list(VnfLocationConstraint)),
  startTime: optional(DateTime),
  placement: optional(
    Type.Record(Type.String(), PlacementWish, {
      description: "Skerry's placement wishes per VNF profile; `*` for all",
    }),
  ),
  ...unread('sapData addpnfData addPnfData vnfInstanceData nestedNsInstanceData nestedNsLocationConstraints'),
  ...unread('additionalParamsForNestedNs wanConnectionData additionalAffinityOrAntiAffinityRule nsdId'),
});

const ScaleNsData = strict({
  scaleNsByStepsData: optional(
    strict({
      scalingDirection: oneOf('SCALE_IN', 'SCALE_OUT'),
      aspectId: Identifier,
      numberOfSteps: optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    }),
  ),
  scaleNsToLevelData: optional(
    strict({
      nsInstantiationLevel: optional(Identifier),
      nsScaleInfo: optional(list(strict({ nsScalingAspectId: Identifier, nsScaleLevelId: Identifier }))),
    }),
  ),
  ...unread('vnfInstanceToBeAdded vnfInstanceToBeRemoved additionalParamsForNs additionalParamsForVnf'),
  ...unread('locationConstraints nestedNsLocationConstraints additionalParamsForNestedNs'),
});
const ScaleVnfData = strict({
  vnfInstanceId: Identifier,
  scaleVnfType: oneOf('SCALE_OUT', 'SCALE_IN', 'SCALE_TO_INSTANTIATION_LEVEL', 'SCALE_TO_SCALE_LEVEL(S)'),
  scaleByStepData: optional(
    strict({
      aspectId: Identifier,
      numberOfSteps: optional(Type.Integer({ minimum: 1, maximum: 1000 })),
      additionalParams: optional(KeyValuePairs),
    }),
  ),
  scaleToLevelData: optional(
    strict({
      vnfInstantiationLevelId: optional(Identifier),
      vnfScaleInfo: optional(
        list(
          strict({
            aspectId: Identifier,
            vnfdId: optional(Identifier),
            scaleLevel: Type.Integer({ minimum: 0, maximum: 10_000 }),
          }),
        ),
      ),
      additionalParams: optional(KeyValuePairs),
    }),
  ),
});
export const ScaleNsRequest = strict({
  scaleType: oneOf('SCALE_NS', 'SCALE_VNF'),
  scaleNsData: optional(ScaleNsData),
  scaleVnfData: optional(list(ScaleVnfData)),
  scaleTime: optional(DateTime),
});

export const HealNsRequest = strict({
  healNsData: optional(
    strict({
      degreeHealing: oneOf('HEAL_RESTORE', 'HEAL_QOS', 'HEAL_RESET', 'PARTIAL_HEALING'),
      actionsHealing: optional(list(Text)),
      healScript: optional(Identifier),
      additionalParamsforNs: optional(KeyValuePairs),
      additionalParamsForNs: optional(KeyValuePairs),
    }),
  ),
  healVnfData: optional(
    list(
      strict({
        vnfInstanceId: Identifier,
        cause: optional(Text),
        healScript: optional(Identifier),
        vnfcInstanceId: optional(list(Identifier)),
        additionalParams: optional(KeyValuePairs),
      }),
    ),
  ),
});

export const TerminateNsRequest = strict({
  terminationTime: optional(DateTime),
  additionalParamsForNs: optional(KeyValuePairs),
  terminateNsData: optional(strict({ additionalParamsforNs: optional(KeyValuePairs) })),
  terminateVnfData: optional(Unread),
});

/** `ADD SAP` is written with a blank in ETSI's file; both spellings are taken. */
export const updateTypes = [
  ...['ADD_VNF', 'REMOVE_VNF', 'INSTANTIATE_VNF', 'TERMINATE_VNF', 'CHANGE_VNF_DF', 'OPERATE_VNF'],
  ...[
    'MODIFY_VNF_INFORMATION',
    'CHANGE_EXTERNAL_VNF_CONNECTIVITY',
    'CHANGE_VNFPKG',
    'ADD SAP',
    'ADD_SAP',
    'REMOVE_SAP',
  ],
  ...['ADD_NESTED_NS', 'REMOVE_NESTED_NS', 'ASSOC_NEW_NSD_VERSION', 'MOVE_VNF', 'ADD_VNFFG', 'REMOVE_VNFFG'],
  ...['UPDATE_VNFFG', 'CHANGE_NS_DF', 'ADD_PNF', 'MODIFY_PNF', 'REMOVE_PNF', 'CREATE_VNF_SNAPSHOT'],
  ...['REVERT_VNF_TO_SNAPSHOT', 'DELETE_VNF_SNAPSHOT_INFO', 'MODIFY_WAN_CONNECTION_INFO'],
  ...['CREATE_NS_VIRTUAL_LINK', 'DELETE_NS_VIRTUAL_LINK'],
];
export const UpdateNsRequest = Type.Object({ updateType: oneOf(...updateTypes) }, { additionalProperties: true });

export const CancelMode = strict({ cancelMode: oneOf('GRACEFUL', 'FORCEFUL') });

const states = oneOf(
  ...([
    'PROCESSING',
    'COMPLETED',
    'PARTIALLY_COMPLETED',
    'FAILED_TEMP',
    'FAILED',
    'ROLLING_BACK',
    'ROLLED_BACK',
  ] as const),
);
/** `LccnSubscriptionRequest` (clause 6.5.2.2) with all members of its filter (clause 6.5.3.2). */
export const LccnSubscriptionRequest = strict({
  filter: optional(
    strict({
      nsInstanceSubscriptionFilter: optional(
        strict({
          nsdIds: optional(list(Identifier)),
          vnfdIds: optional(list(Identifier)),
          pnfdIds: optional(list(Identifier)),
          nsInstanceIds: optional(list(Identifier)),
          nsInstanceNames: optional(list(Identifier)),
        }),
      ),
      notificationTypes: optional(
        list(
          oneOf(
            'NsLcmOperationOccurrenceNotification',
            'NsLcmOperationOccurenceNotification',
            'NsIdentifierCreationNotification',
            'NsIdentifierDeletionNotification',
            'NsChangeNotification',
          ),
        ),
      ),
      operationTypes: optional(list(oneOf('INSTANTIATE', 'SCALE', 'UPDATE', 'TERMINATE', 'HEAL'))),
      operationStates: optional(list(states)),
      affectedNsInstanceIds: optional(list(Identifier)),
      nsComponentTypes: optional(list(oneOf('VNF', 'PNF', 'NS'))),
      lcmOpNameImpactingNsComponent: optional(list(Identifier)),
      lcmOpOccStatusImpactingNsComponent: optional(list(Identifier)),
    }),
  ),
  callbackUri: Type.String({ minLength: 1, maxLength: 2000 }),
  authentication: optional(
    strict({
      authType: Type.Array(oneOf('BASIC', 'OAUTH2_CLIENT_CREDENTIALS', 'TLS_CERT'), { minItems: 1, maxItems: 3 }),
      paramsBasic: optional(strict({ userName: optional(Identifier), password: optional(Text) })),
      paramsOauth2ClientCredentials: optional(
        strict({ clientId: optional(Identifier), clientPassword: optional(Text), tokenEndpoint: optional(Text) }),
      ),
    }),
  ),
  verbosity: optional(oneOf('FULL', 'SHORT')),
});
