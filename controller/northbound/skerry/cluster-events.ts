import { parseProfileScope } from '#controller/decide/index.ts';
import type { SkerryEvent } from '#shared/api/skerry-events.ts';
import type { Attachment, Deregistration, Profile } from '#shared/model/clusters.ts';
import type { UnitState } from '#shared/wire/frames.ts';
import type { StateRecord } from '../../inventory/state-record.ts';

/** A change of the store → what it says of profiles, of clusters and of applications there; undefined: nothing. */
export function clusterEvent(key: string, value: unknown): SkerryEvent | undefined {
  const [kind, first = '', second = ''] = key.split('/');
  switch (kind) {
    case 'profile':
      return value === undefined ? { type: 'profile', id: first, deleted: true } : profileEvent(value as Profile);
    case 'attachment':
      return attachmentEvent(first, second, value as Attachment | undefined);
    case 'deregistration': {
      const { workloads, message } = (value ?? {}) as Partial<Deregistration>;
      const resource = { id: first, isLeaving: value !== undefined, workloads, message };
      return { type: 'cluster', id: first, resource };
    }
    case 'state':
      return value === undefined
        ? undefined
        : applicationEvent(key.slice(key.indexOf('/', 6) + 1), value as StateRecord);
    default:
      return undefined;
  }
}

function profileEvent(profile: Profile): SkerryEvent {
  const { id, name, generation, appliedGeneration, applicationCount, clusterCount, modifiedAt } = profile;
  const resource = { id, name, generation, appliedGeneration, applicationCount, clusterCount, modifiedAt };
  return { type: 'profile', id, resource };
}

function attachmentEvent(profileId: string, infraId: string, attachment: Attachment | undefined): SkerryEvent {
  const state = attachment?.state ?? 'detached';
  return { type: 'cluster', id: infraId, resource: { id: infraId, profileId, state } };
}

/** Id: profile and cluster; the unit's key tells the application. */
function applicationEvent(unitKey: string, { body }: StateRecord): SkerryEvent | undefined {
  if (body.type !== 'unit') return undefined;
  const { scope, ready, message, revision } = body as UnitState;
  const place = parseProfileScope(scope);
  if (place === undefined) return undefined;
  const id = `${place.profileId}/${unitKey}`;
  return { type: 'application', id, resource: { id, ...place, key: unitKey, ready, message, revision } };
}
