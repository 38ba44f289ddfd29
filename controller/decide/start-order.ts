import type { NsFlavour } from '#shared/descriptor/ns-model.ts';
import type { VnfDesired } from '#shared/model/ns-lcm.ts';

/** Profiles that wait for each other in a ring, in the order of the ring; undefined when there is none. */
export function dependencyRing(flavour: NsFlavour): string[] | undefined {
  const ringThrough = (profileId: string, way: readonly string[]): string[] | undefined => {
    const at = way.indexOf(profileId);
    if (at >= 0) return [...way.slice(at), profileId];
    if (sound.has(profileId)) return undefined;
    for (const { before, after } of flavour.dependencies) {
      if (before !== profileId || after === before) continue;
      const ring = ringThrough(after, [...way, profileId]);
      if (ring !== undefined) return ring;
    }
    sound.add(profileId);
    return undefined;
  };
  const sound = new Set<string>();
  for (const { before } of flavour.dependencies) {
    const ring = ringThrough(before, []);
    if (ring !== undefined) return ring;
  }
  return undefined;
}

/**
 * NSD dependencies that no agent can keep, because the VNFs lie at different ones: sentences for people. Within one agent
 * `dependsOn` keeps the order; across agents all start at once.
 */
export function unkeptDependencies(flavour: NsFlavour | undefined, vnfs: readonly VnfDesired[]): string[] {
  return (flavour?.dependencies ?? []).flatMap(({ before, after }) => {
    const first = vnfs.filter((vnf) => vnf.profileId === before);
    const second = vnfs.filter((vnf) => vnf.profileId === after);
    const isApart = second.some((vnf) => first.some((other) => other.placement.agentId !== vnf.placement.agentId));
    if (before === after || !isApart) return [];
    return [`${after} is at another site than ${before}: it does not wait for it (order is kept within a site only).`];
  });
}
