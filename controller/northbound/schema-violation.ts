import type { FastifySchemaValidationError } from 'fastify';
import { nearestName } from './nearest-name.ts';

export interface Violation {
  /** JSON pointer into the request. */
  path: string;
  message: string;
  remedy?: string;
}

interface ObjectSchema {
  properties?: Record<string, unknown>;
  enum?: readonly unknown[];
}

/** One ajv error (verbose mode) in words, with the nearest known member for a typo. */
export function describeViolation(error: FastifySchemaValidationError, input: unknown): Violation {
  const { keyword, params, instancePath, message = 'is not valid' } = error;
  const schema = (error as { parentSchema?: ObjectSchema }).parentSchema;
  if (keyword === 'additionalProperties') {
    const name = String(params['additionalProperty']);
    const known = Object.keys(schema?.properties ?? {});
    const nearest = nearestName(name, known);
    return {
      path: `${instancePath}/${escapePointer(name)}`,
      message: 'is not a known member',
      remedy: nearest === undefined ? `Known here: ${known.slice(0, 40).join(', ')}.` : `Did you mean "${nearest}"?`,
    };
  }
  if (keyword === 'required') {
    return {
      path: `${instancePath}/${escapePointer(String(params['missingProperty']))}`,
      message: 'is missing',
      remedy: missingRemedy(
        String(params['missingProperty']),
        Object.keys(schema?.properties ?? {}),
        at(input, instancePath),
      ),
    };
  }
  if (keyword === 'enum' || keyword === 'const') {
    const allowed = keyword === 'enum' ? (params['allowedValues'] as unknown[]) : [params['allowedValue']];
    return { path: instancePath, message: 'is not an allowed value', remedy: `Allowed: ${allowed.join(', ')}.` };
  }
  return { path: instancePath, message };
}

/** A missing member is often there under a mistyped name. */
function missingRemedy(name: string, known: readonly string[], object: unknown): string {
  const strangers = Object.keys(object ?? {}).filter((member) => !known.includes(member));
  const nearest = nearestName(name, strangers);
  return nearest === undefined ? `Add the member "${name}".` : `Rename the member "${nearest}" to "${name}".`;
}

function at(input: unknown, pointer: string): unknown {
  const segments = pointer.split('/').slice(1);
  return segments.reduce<unknown>(
    (node, segment) =>
      (node as Record<string, unknown> | undefined)?.[segment.replaceAll('~1', '/').replaceAll('~0', '~')],
    input,
  );
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
