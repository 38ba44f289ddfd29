import { applicationKey, applicationState } from '#controller/decide/index.ts';
import type { Application, ApplicationStatus, Attachment, Profile } from '#shared/model/clusters.ts';
import type { InfraId } from '#shared/model/ids.ts';
import type { AgentStatus, Infra, Site } from '#shared/model/inventory.ts';
import type { UnitFailureRecord } from '#shared/model/ns-lcm.ts';
import type { UnitState } from '#shared/wire/frames.ts';
import type { StateRecord } from '../inventory/state-record.ts';
import { keys } from '../keys.ts';
import type { AttachedProfile, StatusPage } from './clusters.ts';
import type { ClustersContext } from './clusters-context.ts';
import { profilesOf, readApplications, readAttachments, readProfile } from './read-records.ts';

export async function attachedProfiles({ store }: ClustersContext, infraId: InfraId): Promise<AttachedProfile[]> {
  const found = await Promise.all(
    (await profilesOf(store, infraId)).map(async (profileId) => {
      const [profile, attachment] = await Promise.all([
        store.get<Profile>(keys.profile(profileId)),
        store.get<Attachment>(keys.attachment(profileId, infraId)),
      ]);
      if (profile === undefined || attachment === undefined) return [];
      return [toAttached(profile.value, attachment.value)];
    }),
  );
  return found.flat().sort((left, right) => (left.name < right.name ? -1 : 1));
}

export function toAttached({ id, name }: Profile, attachment: Attachment): AttachedProfile {
  const { state, removal, createdAt } = attachment;
  return { profileId: id, name, state, since: removal?.at ?? createdAt };
}

/** Every application of every profile of a cluster. */
export async function clusterStatus(context: ClustersContext, infraId: InfraId): Promise<ApplicationStatus[]> {
  const { store } = context;
  const lists = await Promise.all(
    (await profilesOf(store, infraId)).map(async (profileId) => {
      const [profile, attachment] = await Promise.all([
        store.get<Profile>(keys.profile(profileId)),
        store.get<Attachment>(keys.attachment(profileId, infraId)),
      ]);
      if (profile === undefined || attachment === undefined) return [];
      const applications = await readApplications(store, profileId);
      return await attachmentStatus(context, { profile: profile.value, attachment: attachment.value, applications });
    }),
  );
  return lists.flat();
}

/** Cluster by cluster, each as a whole: a page may be longer than asked for by one cluster's applications. */
export async function profileStatus(
  context: ClustersContext,
  idOrName: string,
  page: { after?: string | undefined; limit: number },
): Promise<StatusPage> {
  const { store } = context;
  const { value: profile } = await readProfile(store, idOrName);
  const applications = await readApplications(store, profile.id);
  const items: ApplicationStatus[] = [];
  const attachments = await readAttachments(store, profile.id);
  for (const { value: attachment } of attachments) {
    if (page.after !== undefined && attachment.infraId <= page.after) continue;
    items.push(...(await attachmentStatus(context, { profile, attachment, applications })));
    const isLast = attachment === attachments.at(-1)?.value;
    if (items.length >= page.limit && !isLast) return { items, next: attachment.infraId };
  }
  return { items };
}

interface Subject {
  profile: Profile;
  attachment: Attachment;
  applications: readonly Application[];
}

async function attachmentStatus(context: ClustersContext, subject: Subject): Promise<ApplicationStatus[]> {
  const { store } = context;
  const { attachment, applications } = subject;
  const [infra, site, agent] = await Promise.all([
    store.get<Infra>(keys.infra(attachment.infraId)),
    store.get<Site>(keys.site(attachment.siteId)),
    store.get<AgentStatus>(keys.agentStatus(attachment.agentId)),
  ]);
  const place = {
    infraId: attachment.infraId,
    infraName: infra?.value.name ?? attachment.infraId,
    siteName: site?.value.name ?? attachment.siteId,
    connected: agent?.value.connected ?? false,
  };
  return await Promise.all(applications.map((application) => statusOf(context, subject, { application, place })));
}

type Place = Pick<ApplicationStatus, 'infraId' | 'infraName' | 'siteName' | 'connected'>;

async function statusOf(
  { store, book, clock }: ClustersContext,
  { profile, attachment }: Subject,
  { application, place }: { application: Application; place: Place },
): Promise<ApplicationStatus> {
  const { agentId } = attachment;
  const key = applicationKey(attachment, application);
  const [object, record, failure] = await Promise.all([
    book.object(agentId, key),
    store.get<StateRecord>(keys.state(agentId, key)),
    store.get<UnitFailureRecord>(keys.unitFailure(agentId, key)),
  ]);
  const body = record?.value.body;
  const standing = applicationState({
    revision: object?.revision,
    isDetaching: attachment.state === 'detaching',
    state: body?.type === 'unit' ? (body as UnitState) : undefined,
    failure: failure?.value,
    connected: place.connected,
  });
  return {
    ...place,
    ...standing,
    profileId: profile.id,
    profileName: profile.name,
    application: application.name,
    revision: application.revision,
    chart: application.chart ?? '',
    version: application.version ?? '',
    namespace: application.namespace,
    ...(record === undefined ? {} : { ageMs: Math.max(0, clock.now() - record.value.receivedAt) }),
    key,
  };
}
