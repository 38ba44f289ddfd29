import type {
  Application,
  ApplicationRequest,
  ApplicationStatus,
  Deregistration,
  Profile,
} from '#shared/model/clusters.ts';
import type { InfraId } from '#shared/model/ids.ts';
import type { RequestContext } from '../context.ts';

/** Profiles, their applications, and clusters that they are attached to. Profiles and clusters by id or name. */
export interface Clusters {
  profiles(): Promise<Profile[]>;
  /** @throws NotFound */
  profile(idOrName: string): Promise<Profile>;
  /** @throws Conflict (name taken), TooManyRequests (too many profiles) */
  createProfile(input: { name: string; description?: string; labels?: Record<string, string> }): Promise<Profile>;
  updateProfile(idOrName: string, patch: { description?: string; labels?: Record<string, string> }): Promise<Profile>;
  /** @throws Conflict while it is attached */
  deleteProfile(idOrName: string): Promise<void>;

  /** In the order in which they are deployed. */
  applications(profile: string): Promise<Application[]>;
  application(profile: string, name: string): Promise<Application>;
  /**
   * Adds it, or makes it what is asked for; an equal one stays as it is. Durable, with every attached cluster's intent or the
   * promise of it, when it returns.
   *
   * @throws Conflict (`mustBeNew` and it is there; another application has that release), TooLarge, Unprocessable (chart)
   */
  putApplication(
    profile: string,
    name: string,
    request: ApplicationRequest,
    options?: { mustBeNew?: boolean },
  ): Promise<{ application: Application; outcome: 'created' | 'changed' | 'unchanged' }>;
  /** Removes it from every attached cluster. */
  removeApplication(profile: string, name: string): Promise<void>;
  /** A copy, in this profile or another one. */
  cloneApplication(profile: string, name: string, to: CopyTarget): Promise<Application>;
  /** Clusters that are attached to both profiles go on with what runs; others lose it, or get it. */
  moveApplication(profile: string, name: string, to: { profile: string }): Promise<Application>;
  /** Another attempt at what was given up, at one cluster or at all. */
  retryApplication(profile: string, name: string, infraId?: InfraId): Promise<void>;

  /** Idempotent. @throws Unprocessable (no Kubernetes cluster), Conflict (being detached or deregistered) */
  attach(infraId: InfraId, profile: string): Promise<AttachedProfile>;
  /** `keep`: what runs stays and is forgotten. @throws NotFound */
  detach(infraId: InfraId, profile: string, options?: { keep?: boolean }): Promise<'detached' | 'detaching'>;
  /**
   * Takes a cluster out of management. `keep` removes nothing of what its profiles run there, now and later; `remove` does
   * so first and ends when it is done.
   *
   * @throws Conflict while NS instances run there, naming them
   */
  deregister(
    request: RequestContext,
    infraId: InfraId,
    workloads: 'keep' | 'remove',
  ): Promise<'deregistered' | 'deregistering'>;

  attachedProfiles(infraId: InfraId): Promise<AttachedProfile[]>;
  deregistration(infraId: InfraId): Promise<Deregistration | undefined>;
  clusterStatus(infraId: InfraId): Promise<ApplicationStatus[]>;
  /** A page, ordered by cluster and order of deployment; `after` is the `next` of the page before. */
  profileStatus(profile: string, page: { after?: string; limit: number }): Promise<StatusPage>;
}

export interface CopyTarget {
  profile?: string;
  name?: string;
  namespace?: string;
  releaseName?: string;
}

export interface AttachedProfile {
  profileId: string;
  name: string;
  state: 'attached' | 'detaching';
  since: number;
}

export interface StatusPage {
  items: ApplicationStatus[];
  next?: string;
}
