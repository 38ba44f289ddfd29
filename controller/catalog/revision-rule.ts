import type { JsonObject, JsonValue } from '#shared/model/json.ts';
import { canonicalJson } from '#shared/wire/canonical-json.ts';

/**
 * What a new revision of a descriptor in use may change: operation parts only (day-1/2 primitives, scaling, healing,
 * alarms, monitoring), unless the software itself has a new version. OSM's rule, so that running services and their
 * descriptor cannot drift apart unnoticed.
 */
const freeMembers = {
  vnfd: new Set([
    'day1-2',
    'scaling-aspect',
    'healing-aspect',
    'alarm',
    'monitoring-parameter',
    'vnf-indicator',
    'exporters-endpoints',
    'version',
    'description',
  ]),
  nsd: new Set(['ns-configuration', 'monitored-info', 'autoscaling-rule', 'description']),
} as const;
/** A change of this member is a change of the software: anything may change with it. */
const versionMember = { vnfd: 'software-version', nsd: 'version' } as const;
const maxReported = 10;

/** Paths that changed although they may not; empty when the revision is allowed. */
export function forbiddenChanges(kind: 'vnfd' | 'nsd', before: JsonObject, after: JsonObject): string[] {
  const version = versionMember[kind];
  if (before[version] !== undefined && before[version] !== after[version]) return [];
  const paths: string[] = [];
  compare({ free: freeMembers[kind], paths }, kind, before, after);
  return paths;
}

interface Comparison {
  free: ReadonlySet<string>;
  paths: string[];
}

function compare(
  comparison: Comparison,
  path: string,
  before: JsonValue | undefined,
  after: JsonValue | undefined,
): void {
  if (comparison.paths.length >= maxReported) return;
  if (isObject(before) && isObject(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (!comparison.free.has(name)) compare(comparison, `${path}/${name}`, before[name], after[name]);
    }
  } else if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    before.forEach((item, index) => {
      compare(comparison, `${path}[${index}]`, item, after[index]);
    });
  } else if (text(before) !== text(after)) {
    comparison.paths.push(path);
  }
}

function text(value: JsonValue | undefined): string {
  return value === undefined ? '' : canonicalJson(value);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
