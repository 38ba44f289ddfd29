import type { InfraFacts } from '#shared/connector/index.ts';
import { namesOf, parseClusterFacts, parseResources } from './cluster-facts.ts';
import { clip, isObject, reportLimits } from './report-limits.ts';

/** Facts of an infra as an agent told them → facts that placement can trust in shape, though not in truth. */
export function parseInfraFacts(input: unknown): InfraFacts | null {
  if (typeof input !== 'object' || input === null) return null;
  const facts = input as Partial<InfraFacts>;
  const message = clip(facts.message);
  const cluster = parseClusterFacts(facts.cluster);
  return {
    kind: clip(facts.kind, reportLimits.nameLength),
    version: clip(facts.version, reportLimits.nameLength),
    features: namesOf(facts.features, reportLimits.listLength),
    zones: namesOf(facts.zones, reportLimits.listLength),
    images: namesOf(facts.images, reportLimits.listLength),
    capacity: { total: parseResources(facts.capacity?.total), used: parseResources(facts.capacity?.used) },
    healthy: facts.healthy === true,
    ...(message !== '' && { message }),
    ...(isObject(facts.measured) && { measured: parseResources(facts.measured) }),
    ...(cluster !== undefined && { cluster }),
  };
}
