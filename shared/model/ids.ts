/**
 * Branded identifiers: a string that was made for one purpose cannot be passed for another.
 * Brands exist only in the type checker; on the wire and on disk they are plain strings.
 */
declare const brand: unique symbol;
export type Brand<Name extends string> = string & { readonly [brand]: Name };

/** A place with NFVI; the unit of placement and of being cut off. */
export type SiteId = Brand<'SiteId'>;
/** One agent process and its store; equals the certificate's SAN. */
export type AgentId = Brand<'AgentId'>;
/** A VIM, Kubernetes cluster, SDN controller or WIM that an agent reaches. */
export type InfraId = Brand<'InfraId'>;
export type VnfPackageId = Brand<'VnfPackageId'>;
export type NsdInfoId = Brand<'NsdInfoId'>;
export type NsInstanceId = Brand<'NsInstanceId'>;
export type VnfInstanceId = Brand<'VnfInstanceId'>;
export type NsLcmOpOccId = Brand<'NsLcmOpOccId'>;
export type SubscriptionId = Brand<'SubscriptionId'>;
export type ProfileId = Brand<'ProfileId'>;
export type UserId = Brand<'UserId'>;
export type ProjectId = Brand<'ProjectId'>;

/** Key of an intent object, unique per agent and never used again after its tombstone: `<kind>/<uuid>`. */
export type ObjectKey = Brand<'ObjectKey'>;
/** `sha256:<64 hex digits>` over canonical JSON or over a file's bytes. */
export type Digest = Brand<'Digest'>;
/** Made by an agent in the batch that logs a create: `<ordinal>-<16 hex digits>`. Called at most once. */
export type Incarnation = Brand<'Incarnation'>;
/** Tag on every platform object that is ours: the agent's id. */
export type OwnerId = Brand<'OwnerId'>;

/** Casts a trusted string to a branded id. Untrusted input goes through a schema first. */
export function id<T extends Brand<string>>(value: string): T {
  return value as T;
}
