import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSkerryError } from '../errors/index.ts';
import { type AgentId, type InfraId, id } from '../model/ids.ts';
import type { JsonObject } from '../model/json.ts';
import { hideSecrets, openSettings, type SealOwner, type SealRecipient, sealSettings } from './index.ts';

function makePair(curve: 'P-256' | 'P-384' = 'P-256') {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
  const names = { agentId: id<AgentId>('agent-1'), infraId: id<InfraId>('infra-1') };
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const recipient: SealRecipient = {
    ...names,
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  };
  const owner: SealOwner = { ...names, privateKeyPem: () => pem };
  return { recipient, owner };
}
const { recipient, owner } = makePair();

function refusedWith(code: string, words: RegExp) {
  return (error: unknown) => {
    assert.ok(isSkerryError(error));
    assert.equal(error.code, code);
    assert.match(error.message, words);
    return true;
  };
}

test('secrets at any depth are sealed and open again; what is none stays as it is', async () => {
  const settings: JsonObject = {
    kubeconfig: 'apiVersion: v1\nusers: [hunter2]',
    kubeconfigFile: '/etc/kubeconfig',
    namespaces: ['a'],
    auth: [{ user: 'u', password: 'hunter2', pin: { token: 42 } }],
    credentials: { user: 'hunter2' },
    private: true,
    accessKey: 'hunter2',
    passphrase: 'hunter2',
    token: '',
  };
  const sealed = await sealSettings(settings, recipient);
  const text = JSON.stringify(sealed);
  assert.doesNotMatch(text, /hunter2/);
  assert.equal(text.match(/"sealed"/g)?.length, 6);
  assert.equal(sealed['kubeconfigFile'], '/etc/kubeconfig');
  assert.deepEqual(await openSettings(sealed, owner), settings);
  assert.deepEqual(await sealSettings(sealed, recipient), sealed, 'what is sealed is not sealed again');
});

test('whatever the settings are, none of their secrets is left in clear, and they open to what they were', async () => {
  const secret = fc.string({ minLength: 1 }).map((text) => `s3cr3t-${text}`);
  const names = fc.constantFrom('password', 'apiKey', 'kubeconfig', 'a/b~token');
  const plainName = fc.string({ maxLength: 3 }).filter((name) => name !== '__proto__');
  const tree: fc.Memo<JsonObject> = fc.memo<JsonObject>((depth) =>
    fc.tuple(fc.dictionary(plainName, fc.integer(), { maxKeys: 2 }), names, secret).chain(([plain, name, value]) => {
      const settings: JsonObject = { ...plain, [name]: value };
      return depth <= 1 ? fc.constant(settings) : tree(depth - 1).map((below) => ({ ...settings, list: [below] }));
    }),
  );
  await fc.assert(
    fc.asyncProperty(tree(4), async (settings) => {
      const sealed = await sealSettings(settings, recipient);
      assert.doesNotMatch(JSON.stringify(sealed), /s3cr3t/);
      assert.deepEqual(await openSettings(sealed, owner), settings);
    }),
    { numRuns: 30 },
  );
});

test('a sealed value opens for its agent, infra, member and key only', async () => {
  const sealed = await sealSettings({ password: 'hunter2' }, recipient);
  const value = sealed['password']!;
  const cases: [JsonObject, Partial<SealOwner>, RegExp][] = [
    [sealed, { agentId: id<AgentId>('agent-2') }, /another agent/],
    [sealed, { infraId: id<InfraId>('infra-2') }, /another infra/],
    [{ address: value }, {}, /another setting/],
    [sealed, makePair().owner, /another key/],
  ];
  for (const [settings, other, words] of cases)
    await assert.rejects(openSettings(settings, { ...owner, ...other }), refusedWith('PlatformAuth', words));
  const text = (value as { sealed: string }).sealed;
  const parts = text.split('.');
  const header = JSON.parse(Buffer.from(parts[0]!, 'base64url').toString()) as object;
  const forged = Buffer.from(JSON.stringify({ ...header, agent: 'agent-2' })).toString('base64url');
  const changed = { password: { sealed: [forged, ...parts.slice(1)].join('.') } };
  await assert.rejects(
    openSettings(changed, { ...owner, agentId: id<AgentId>('agent-2') }),
    refusedWith('PlatformAuth', /was changed/),
  );
});

test('what cannot be sealed is refused with a reason', async () => {
  await assert.rejects(sealSettings({ token: '(hidden)' }, recipient), refusedWith('BadRequest', /placeholder/));
  await assert.rejects(sealSettings({ token: { sealed: 'no' } }, recipient), refusedWith('BadRequest', /no sealed/));
  await assert.rejects(sealSettings({ token: 'x'.repeat(200_000) }, recipient), refusedWith('TooLarge', /\/token/));
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`token${index}`, 'x']));
  await assert.rejects(sealSettings(many, recipient), refusedWith('TooLarge', /more than 64/));
  const deep = JSON.parse(`${'{"a":'.repeat(30)}1${'}'.repeat(30)}`) as JsonObject;
  await assert.rejects(sealSettings(deep, recipient), refusedWith('BadRequest', /too deep/));
  const other = makePair('P-384').recipient;
  await assert.rejects(sealSettings({ token: 'x' }, other), refusedWith('Conflict', /P-256/));
});

test('settings without secrets need no key', async () => {
  const settings = { latencyMs: 5 };
  assert.equal(await sealSettings(settings, { ...recipient, publicKey: 'nonsense' }), settings);
  const nobody = { ...owner, privateKeyPem: () => assert.fail('the key is not read') };
  assert.deepEqual(await openSettings(settings, nobody), settings);
});

test('what is shown holds neither secrets nor sealed values', async () => {
  const sealed = await sealSettings({ a: [{ password: 'x' }], token: 'y', host: 'h' }, recipient);
  const shown = { a: [{ password: '(hidden)' }], token: '(hidden)', host: 'h' };
  assert.deepEqual(hideSecrets(sealed), shown);
  assert.deepEqual(hideSecrets({ a: [{ password: 'x' }], token: 'y', host: 'h' }), shown);
  assert.deepEqual(hideSecrets({ place: sealed['token']! }), { place: '(hidden)' });
});
