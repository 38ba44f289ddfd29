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

/** All ajv errors (verbose, all of them) in words: one for each place, choices in one sentence, the others by themselves. */
export function describeViolations(errors: readonly FastifySchemaValidationError[], input: unknown): Violation[] {
  const known = errors.slice(0, maxErrors);
  const choices = known.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf');
  const isBranchOf = (choice: FastifySchemaValidationError, error: FastifySchemaValidationError) =>
    error !== choice && error.schemaPath.startsWith(`${choice.schemaPath}/`);
  const described = known.flatMap((error) => {
    if (choices.includes(error))
      return describeChoice(
        error,
        known.filter((other) => isBranchOf(error, other)),
      );
    // A branch that is of another type altogether was not meant.
    const choice = choices.find((one) => isBranchOf(one, error));
    const isOther = choice !== undefined && error.instancePath === choice.instancePath && isWrongKind(error);
    return isOther ? [] : [describeViolation(error, input)];
  });
  const byPlace = new Map(described.map((one) => [`${one.path} ${one.message}`, one]));
  return byPlace.size > 0 ? [...byPlace.values()] : known.slice(0, 1).map((error) => describeViolation(error, input));
}

/** More is not looked at: a body of a mebibyte can hold very many. */
const maxErrors = 200;

function isWrongKind({ keyword }: FastifySchemaValidationError): boolean {
  return keyword === 'type' || keyword === 'const';
}

/** Only where no branch fits better than the others: then what all of them would take is told. */
function describeChoice(
  choice: FastifySchemaValidationError,
  branches: readonly FastifySchemaValidationError[],
): Violation[] {
  if (!branches.every((branch) => branch.instancePath === choice.instancePath && isWrongKind(branch))) return [];
  const values = branches.map(({ keyword, params }) =>
    keyword === 'const' ? JSON.stringify(params['allowedValue']) : `a JSON ${params['type']}`,
  );
  return [{ path: choice.instancePath, message: 'is not an allowed value', remedy: `Allowed: ${values.join(', ')}.` }];
}

/** One ajv error (verbose mode) in words, with the nearest known member for a typo. */
function describeViolation(error: FastifySchemaValidationError, input: unknown): Violation {
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
  if (keyword === 'type') return { path: instancePath, message, remedy: `Give a JSON ${params['type']} here.` };
  return { path: instancePath, message, remedy: `Give a value that ${message.replace(/^must/, 'does: it must')}.` };
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
