export {
  findKdu,
  isSameContent,
  type KduInVnf,
  mergeValues,
  rollbackRevision,
  upgradedContent,
  withRevision,
} from './act-kdu.ts';
export { type ApplicationStanding, applicationState } from './application-state.ts';
export { compileNs, type NsIdentity } from './compile.ts';
export { applicationKey, compileProfile } from './compile-profile.ts';
export { diffScope, type ScopeChange } from './diff.ts';
export { type HealTarget, healTargets } from './heal-ns.ts';
export { instantiateNs, type NewNames, type UnplacedNs, wishFor } from './instantiate-ns.ts';
export {
  contentOf,
  firstContent,
  type KduContent,
  kduPlacement,
  presentKduKind,
  withStored,
} from './kdu-source.ts';
export { flavourOf, type NsModels, storedModelOf, vnfModelKey } from './models.ts';
export type { CompiledIntent, NewObject, NewRemoval } from './new-object.ts';
export type { UnplacedVnf } from './new-vnf.ts';
export { networksOf } from './ns-networks.ts';
export { type InfraCandidate, placeVnfs } from './place.ts';
export { placeNs, withAmounts } from './place-ns.ts';
export type { NetMaps } from './pod-networks.ts';
export { parseProfileScope, profileScope } from './profile-scope.ts';
export { renewKeys } from './renew-keys.ts';
export type { NewKey } from './resize-vnf.ts';
export { type ScaledNs, scaleNs } from './scale-ns.ts';
export { scaleVnfs } from './scale-vnf.ts';
export { unkeptDependencies } from './start-order.ts';
export {
  type OneShotStanding,
  type OperationLimits,
  type Standing,
  type StandingFailure,
  type Summary,
  summarise,
  type TargetStanding,
  unreachableSentence,
} from './summarise.ts';
export { allowedNsStates, isEndState, nextOperationState, type OperationEvent } from './transitions.ts';
export { unprocessable } from './unprocessable.ts';
export { addResources, envelopeOf, subtractResources, vnfNeeds } from './vnf-needs.ts';
