import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RefusedAnswer, translateError } from './translate-error.ts';

function refused(status: number, body: object | string, more: Partial<RefusedAnswer> = {}) {
  return translateError({
    status,
    text: typeof body === 'string' ? body : JSON.stringify(body),
    retryAfter: undefined,
    method: 'GET',
    path: '/api/v1/namespaces/x/pods',
    server: 'https://cluster:6443',
    ...more,
  });
}

test('translates each status to the code that says what can be done', () => {
  const codes: [number, string, object, string][] = [
    [401, 'GET', {}, 'PlatformAuth'],
    [404, 'GET', { reason: 'NotFound', message: 'pods "a" not found' }, 'NotFound'],
    [409, 'POST', { reason: 'AlreadyExists', message: 'pods "a" already exists' }, 'Conflict'],
    [400, 'POST', { reason: 'BadRequest', message: 'no' }, 'PlatformRefused'],
    [410, 'GET', { reason: 'Expired', message: 'too old' }, 'PlatformRefused'],
    [307, 'GET', {}, 'PlatformRefused'],
    [429, 'GET', { message: 'slow down' }, 'PlatformUnavailable'],
    [503, 'POST', { message: 'shutting down' }, 'PlatformUnavailable'],
    [500, 'GET', { message: 'etcdserver: request timed out' }, 'PlatformUnavailable'],
    [500, 'PATCH', { message: 'etcdserver: request timed out' }, 'PlatformInDoubt'],
    [500, 'PATCH', { message: 'failed calling webhook "w": context deadline exceeded' }, 'PlatformUnavailable'],
    [504, 'POST', { message: 'Timeout' }, 'PlatformInDoubt'],
    [502, 'POST', {}, 'PlatformInDoubt'],
  ];
  for (const [status, method, body, code] of codes) {
    const error = refused(status, body, { method });
    assert.deepEqual(
      [error.code, error.details['status']],
      [code, status],
      `${method} ${status} ${JSON.stringify(body)}`,
    );
  }
});

test('says which right is missing, and what to do', () => {
  const message =
    'deployments.apps "a" is forbidden: User "u" cannot patch resource "deployments" in API group "apps" in the namespace "x"';
  const error = refused(403, { reason: 'Forbidden', message }, { method: 'PATCH' });
  assert.equal(error.code, 'PlatformAuth');
  assert.match(error.message, /may not patch deployments\.apps in namespace x/);
  assert.match(error.remedy ?? '', /RBAC/);
  const wide = 'nodes is forbidden: User "u" cannot list resource "nodes" in API group "" at the cluster scope';
  assert.match(refused(403, { message: wide }).message, /may not list nodes cluster-wide/);
  assert.match(refused(403, 'Forbidden', { isWatch: true }).message, /may not watch \/api\/v1\/namespaces\/x\/pods/);
});

test('tells quotas, dying namespaces and policies from missing rights', () => {
  const quota = refused(
    403,
    { message: 'pods "a" is forbidden: exceeded quota: q, requested: pods=1' },
    { method: 'POST' },
  );
  assert.equal(quota.code, 'PlatformCapacity');
  const dying = 'pods "a" is forbidden: unable to create new content in namespace x because it is being terminated';
  assert.equal(refused(403, { message: dying }, { method: 'POST' }).code, 'PlatformUnavailable');
  const policy = 'pods "a" is forbidden: violates PodSecurity "restricted:latest": privileged';
  assert.equal(refused(403, { message: policy }, { method: 'POST' }).code, 'PlatformRefused');
});

test('takes the wait of Retry-After, else of the status, within bounds', () => {
  assert.deepEqual(refused(429, {}, { retryAfter: '3' }).retry, { afterMs: 3000 });
  assert.deepEqual(refused(429, { details: { retryAfterSeconds: 7 } }).retry, { afterMs: 7000 });
  assert.deepEqual(refused(503, {}, { retryAfter: '86400' }).retry, { afterMs: 600_000 });
  assert.equal(refused(503, {}, { retryAfter: 'Wed, 21 Oct 2026 07:28:00 GMT' }).retry, 'backoff');
});

test('gives the fields that are wrong, but of a Secret no words that may quote it', () => {
  const causes = [{ reason: 'FieldValueInvalid', message: 'Invalid value: "hunter2": no', field: 'data.password' }];
  const body = {
    reason: 'Invalid',
    message: 'X "a" is invalid: data.password: Invalid value: "hunter2"',
    details: { causes },
  };
  const plain = refused(422, body, { method: 'PATCH' });
  assert.deepEqual([plain.code, plain.details['causes']], ['PlatformRefused', causes]);
  const secret = refused(422, body, { method: 'PATCH', path: '/api/v1/namespaces/x/secrets/a' });
  assert.match(secret.message, /Invalid; data\.password: FieldValueInvalid/);
  assert.doesNotMatch(JSON.stringify([secret.message, secret.details]), /hunter2/);
});

test('survives bodies that are no Status, and bounds what it repeats', () => {
  for (const body of ['', 'null', '[]', '<html>', '{"details":{"causes":[null,1,{"field":3}]}}', '{"message":7}'])
    assert.equal(refused(400, body).code, 'PlatformRefused');
  assert.ok(refused(400, { message: 'x'.repeat(100_000) }).message.length <= 1000);
});
