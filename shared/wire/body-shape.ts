import { violation } from './bounded-json.ts';
import type { IntentObject, ReportBody, StateBody } from './frames.ts';

type FieldType = 'string' | 'number' | 'boolean' | 'array' | 'object' | 'objectOrNull';
type Shape = Readonly<Record<string, FieldType>>;

/** Members that every body of a type must have; more are kept and ignored, so that a newer peer is understood. */
const reportShapes: Record<ReportBody['type'], Shape> = {
  reached: { lineage: 'string', generation: 'number', scope: 'string', objects: 'array', removed: 'array' },
  'unit-failed': {
    lineage: 'string',
    generation: 'number',
    scope: 'string',
    key: 'string',
    revision: 'number',
    code: 'string',
    message: 'string',
  },
  'operation-result': { lineage: 'string', opId: 'string', scope: 'string', result: 'string', message: 'string' },
  healed: { key: 'string', scope: 'string', from: 'string', to: 'string', cause: 'string' },
  decision: { key: 'string', scope: 'string', field: 'string', value: 'number', overrideRevision: 'number' },
  alarm: {
    alarmId: 'string',
    key: 'string',
    scope: 'string',
    severity: 'string',
    eventType: 'string',
    probableCause: 'string',
    raised: 'boolean',
  },
  orphan: { key: 'string', infraId: 'string', platformId: 'string', present: 'boolean' },
  gap: { from: 'number', to: 'number', lastChain: 'string', reason: 'string' },
};
const stateShapes: Record<StateBody['type'], Shape> = {
  unit: {
    scope: 'string',
    generation: 'number',
    revision: 'number',
    ready: 'boolean',
    observed: 'objectOrNull',
    message: 'string',
    attempts: 'number',
  },
  infra: { infraId: 'string', facts: 'objectOrNull', message: 'string' },
  agent: { appliedGeneration: 'number', host: 'object', deletionsHeld: 'number', outboxRecords: 'number' },
};
const objectShapes: Record<IntentObject['body']['type'], Shape> = {
  unit: {
    kind: 'string',
    infraId: 'string',
    spec: 'object',
    delegated: 'array',
    autonomy: 'object',
    deletePolicy: 'string',
    secretRefs: 'array',
    healing: 'object',
  },
  operation: {
    opId: 'string',
    verb: 'string',
    target: 'string',
    precondition: 'object',
    args: 'object',
    notAfter: 'number',
    cancelled: 'boolean',
  },
  infra: { infraId: 'string', name: 'string', kind: 'string', settings: 'object' },
};

export const checkReportBody = (body: unknown): ReportBody => check(body, reportShapes) as ReportBody;
export const checkStateBody = (body: unknown): StateBody | null =>
  body === null ? null : (check(body, stateShapes) as StateBody);
export const checkObjectBody = (body: unknown): IntentObject['body'] =>
  check(body, objectShapes) as IntentObject['body'];

/** @throws SkerryError ProtocolViolation for an unknown type or a missing or mistyped member. */
function check(body: unknown, shapes: Readonly<Record<string, Shape>>): unknown {
  if (!isObject(body)) throw violation('a body is not an object');
  const type = body['type'];
  const shape = typeof type === 'string' && Object.hasOwn(shapes, type) ? shapes[type] : undefined;
  if (shape === undefined) throw violation(`a body has the unknown type ${String(type).slice(0, 40)}`);
  for (const [name, wanted] of Object.entries(shape))
    if (!fits(body[name], wanted)) throw violation(`member ${name} of a body of type ${type} is no ${wanted}`);
  if (type === 'reached') checkReached(body);
  return body;
}

function checkReached(body: Record<string, unknown>): void {
  const isRef = (item: unknown) =>
    isObject(item) && typeof item['key'] === 'string' && fits(item['revision'], 'number');
  const lists = [...(body['objects'] as unknown[]), ...(body['removed'] as unknown[])];
  if (!lists.every(isRef)) throw violation('a reached body names something without key and revision');
}

function fits(value: unknown, wanted: FieldType): boolean {
  switch (wanted) {
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'objectOrNull':
      return value === null || isObject(value);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    default:
      return typeof value === wanted;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
