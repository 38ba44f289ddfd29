import type { Application, ApplicationRequest, ApplicationStatus, Profile } from '#shared/model/clusters.ts';
import type { InfraView } from './api-types.ts';

export interface AttachedProfileView {
  profileId: string;
  name: string;
  state: 'attached' | 'detaching';
}

export interface ClusterView extends InfraView {
  profiles: AttachedProfileView[];
  deregistration?: { workloads: 'keep' | 'remove'; startedAt: number; message: string };
  /** Only of one that is asked for by itself. */
  applications?: ApplicationStatus[];
}

export interface ProfileInput {
  name: string;
  description?: string;
  labels?: Record<string, string>;
}

type Call = <T>(method: string, path: string, body?: unknown) => Promise<T>;

/** `/skerry/v1/clusters` and `/skerry/v1/profiles`. */
export function clusterCalls(call: Call) {
  const app = (profile: string, name: string) => `profiles/${part(profile)}/applications/${part(name)}`;
  const attachment = (cluster: string, profile: string) => `clusters/${part(cluster)}/profiles/${part(profile)}`;
  return {
    list: async () => byName(await call<ClusterView[]>('GET', 'clusters')),
    show: (id: string) => call<ClusterView>('GET', `clusters/${part(id)}`),
    /** undefined: it is gone; otherwise what is left to do. */
    deregister: (id: string, workloads: 'keep' | 'remove') =>
      call<ClusterView | undefined>('DELETE', `clusters/${part(id)}?workloads=${workloads}`),
    attach: (cluster: string, profile: string) => call<AttachedProfileView>('PUT', attachment(cluster, profile)),
    detach: (cluster: string, profile: string, keep: boolean) =>
      call<void>('DELETE', `${attachment(cluster, profile)}?keep=${keep}`),

    profiles: async () => byName(await call<Profile[]>('GET', 'profiles')),
    createProfile: (input: ProfileInput) => call<Profile>('POST', 'profiles', input),
    updateProfile: (id: string, patch: Omit<ProfileInput, 'name'>) =>
      call<Profile>('PATCH', `profiles/${part(id)}`, patch),
    deleteProfile: (id: string) => call<void>('DELETE', `profiles/${part(id)}`),
    /** All pages. */
    async status(profile: string): Promise<ApplicationStatus[]> {
      const items: ApplicationStatus[] = [];
      for (let after = ''; ; ) {
        const page = await call<StatusPage>('GET', `profiles/${part(profile)}/status${after}`);
        items.push(...page.items);
        if (page.next === undefined) return items;
        after = `?after=${part(page.next)}`;
      }
    },

    applications: (profile: string) => call<Application[]>('GET', `profiles/${part(profile)}/applications`),
    addApplication: (profile: string, input: ApplicationRequest & { name: string }) =>
      call<Application>('POST', `profiles/${part(profile)}/applications`, input),
    putApplication: (profile: string, name: string, input: ApplicationRequest) =>
      call<Application>('PUT', app(profile, name), input),
    removeApplication: (profile: string, name: string) => call<void>('DELETE', app(profile, name)),
    cloneApplication: (profile: string, name: string, to: object) =>
      call<Application>('POST', `${app(profile, name)}/clone`, to),
    moveApplication: (profile: string, name: string, to: { profile: string }) =>
      call<Application>('POST', `${app(profile, name)}/move`, to),
    retryApplication: (profile: string, name: string, to: { cluster?: string }) =>
      call<void>('POST', `${app(profile, name)}/retry`, to),
  };
}

interface StatusPage {
  items: ApplicationStatus[];
  next?: string;
}

function byName<T extends { name: string }>(items: T[]): T[] {
  return items.sort((left, right) => left.name.localeCompare(right.name));
}

function part(id: string): string {
  return encodeURIComponent(id);
}
