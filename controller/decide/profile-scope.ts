import { type InfraId, id, type ProfileId } from '#shared/model/ids.ts';

const start = 'profile';

/** Scope of a profile's units at one cluster: what is reported as reached together. */
export function profileScope({ profileId, infraId }: { profileId: ProfileId; infraId: InfraId }): string {
  return `${start}:${profileId}:${infraId}`;
}

/** undefined: a scope of something else (an NS instance). */
export function parseProfileScope(scope: string): { profileId: ProfileId; infraId: InfraId } | undefined {
  const [kind, profileId, infraId, ...more] = scope.split(':');
  if (kind !== start || !profileId || !infraId || more.length > 0) return undefined;
  return { profileId: id<ProfileId>(profileId), infraId: id<InfraId>(infraId) };
}
