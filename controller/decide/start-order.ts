import type { NsFlavour } from '#shared/descriptor/ns-model.ts';
import type { VnfDesired } from '#shared/model/ns-lcm.ts';

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
