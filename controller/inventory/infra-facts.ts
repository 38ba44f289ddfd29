import type { InfraFacts, Resources } from '#shared/connector/index.ts';
import { clip, reportLimits } from './report-limits.ts';

/** Facts of an infra as an agent told them → facts that placement can trust in shape, though not in truth. */
export function parseInfraFacts(input: unknown): InfraFacts | null {
  if (typeof input !== 'object' || input === null) return null;
  const facts = input as Partial<InfraFacts>;
  const message = clip(facts.message);
  return {
    kind: clip(facts.kind, reportLimits.nameLength),
    version: clip(facts.version, reportLimits.nameLength),
    features: texts(facts.features),
    zones: texts(facts.zones),
    images: texts(facts.images),
    capacity: { total: resources(facts.capacity?.total), used: resources(facts.capacity?.used) },
    healthy: facts.healthy === true,
    ...(message === '' ? {} : { message }),
  };
}

function texts(input: unknown): string[] {
  if (!Array.isArray(input)) return [];
  const list = input.slice(0, reportLimits.listLength);
  return list.filter((item) => typeof item === 'string').map((item) => clip(item, reportLimits.nameLength));
}

/** What is absent is not limited or not known; what is no number counts as nothing. */
function resources(input: Partial<Resources> | undefined): Resources {
  const parsed: Partial<Resources> = {};
  for (const name of ['vcpus', 'memoryMib', 'storageGib'] as const) {
    const amount: unknown = input?.[name];
    if (amount === undefined || amount === null) continue;
    parsed[name] = typeof amount === 'number' && Number.isFinite(amount) && amount > 0 ? amount : 0;
  }
  return parsed as Resources;
}
