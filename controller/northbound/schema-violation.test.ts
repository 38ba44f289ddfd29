import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import type { FastifySchemaValidationError } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { InstantiateNsRequest, ScaleNsRequest } from '#shared/api/ns-lcm-requests.ts';
import { describeViolations } from './schema-violation.ts';

const ajv = new Ajv({ allErrors: true, verbose: true, strict: false });

function violations(schema: TSchema, input: unknown) {
  const check = ajv.compile(schema);
  assert.equal(check(input), false);
  return describeViolations(check.errors as unknown as FastifySchemaValidationError[], input);
}

test('every typo and every wrong value is named at once, with its place and what to do', () => {
  const found = violations(InstantiateNsRequest, {
    nsFlavorId: 'default',
    startTime: 5,
    additionalParamsForVnf: [{ vnfProfileID: 'a' }, { vnfProfileId: 'b', metadata: [] }],
  });
  assert.deepEqual(
    found.map(({ path, remedy }) => [path, remedy]),
    [
      ['/nsFlavorId', 'Did you mean "nsFlavourId"?'],
      ['/additionalParamsForVnf/0/vnfProfileId', 'Rename the member "vnfProfileID" to "vnfProfileId".'],
      ['/additionalParamsForVnf/0/vnfProfileID', 'Did you mean "vnfProfileId"?'],
      ['/additionalParamsForVnf/1/metadata', 'Give a JSON object here.'],
      ['/startTime', 'Give a JSON string here.'],
    ],
  );
});

test('standard members that are not acted on pass', () => {
  const check = ajv.compile(InstantiateNsRequest);
  const body = { nsFlavourId: 'a', sapData: [], wanConnectionData: [], locationConstraints: [] };
  assert.ok(check(body), ajv.errorsText(check.errors));
});

test('an enumeration tells its values', () => {
  const [found] = violations(ScaleNsRequest, { scaleType: 'SCALE' });
  assert.deepEqual(found, {
    path: '/scaleType',
    message: 'is not an allowed value',
    remedy: 'Allowed: SCALE_NS, SCALE_VNF.',
  });
});

test('of a choice only the branch that was meant is told', () => {
  const choice = Type.Union([Type.Object({ a: Type.String() }, { additionalProperties: false }), Type.Null()]);
  assert.deepEqual(
    violations(choice, { b: 1 }).map(({ path }) => path),
    ['/a', '/b'],
  );
  const states = Type.Object({ state: Type.Union([Type.Literal('ENABLED'), Type.Literal('DISABLED')]) });
  assert.deepEqual(violations(states, { state: 'ON' }), [
    { path: '/state', message: 'is not an allowed value', remedy: 'Allowed: "ENABLED", "DISABLED".' },
  ]);
  const either = Type.Union([Type.String(), Type.Array(Type.String())]);
  assert.deepEqual(violations(either, 5), [
    { path: '', message: 'is not an allowed value', remedy: 'Allowed: a JSON string, a JSON array.' },
  ]);
});
