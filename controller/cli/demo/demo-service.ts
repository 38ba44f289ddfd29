import type { InstantiateNsRequest } from '#shared/model/ns-lcm-requests.ts';

/** What the demo runs: one NS of deploy/samples, its VNFs spread over the sites. */
export const demoService = {
  nsdId: 'edge_service_ns',
  nsName: 'edge-service',
  description: 'A router, a cache and a probe at the edge: the demo',
  /** VNF profiles in the order of the sites that they go to. */
  profiles: ['router', 'cache', 'probe'],
} as const;

/** site-a, site-b, … */
export function siteNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `site-${String.fromCharCode(97 + index)}`);
}

export function demoPlacement(sites: readonly string[]): InstantiateNsRequest {
  const placement = Object.fromEntries(
    demoService.profiles.map((profile, index) => [profile, { site: sites[index % sites.length] ?? '' }]),
  );
  return { placement };
}

/** Every site has its own simulated infrastructure, a little different from the others, as in life. */
export function demoInfraSettings(index: number) {
  return {
    latencyMs: { call: 5 + 5 * index, boot: 150 + 50 * index },
    capacity: { vcpus: 64, memoryMib: 131_072, storageGib: 2048 },
  };
}
