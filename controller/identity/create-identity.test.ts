import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSkerryError } from '#shared/errors/index.ts';
import { SeededRandom, silentLogger, VirtualClock } from '#shared/runtime/index.ts';
import { createMemoryStore } from '#shared/store/index.ts';
import type { RequestContext } from '../context.ts';
import { createIdentity } from './index.ts';

const context = {} as RequestContext;

async function setUp() {
  const clock = new VirtualClock();
  const store = createMemoryStore();
  const identity = createIdentity({ store, clock, random: new SeededRandom(1), log: silentLogger });
  await identity.bootstrap('correct horse');
  return { clock, store, identity };
}

function refusedWith(code: string) {
  return (error: unknown) => isSkerryError(error) && error.code === code;
}

const admin = { username: 'admin', password: 'correct horse' };

test('the first user logs in, is known by the token, and logs out', async () => {
  const { identity, store } = await setUp();
  await identity.bootstrap('another password');
  assert.equal((await identity.users()).length, 1);
  const issued = await identity.login(admin);
  assert.deepEqual([issued.projectName, issued.roles], ['default', ['admin']]);
  const principal = await identity.authenticate(issued.token);
  identity.authorize(principal, 'identity:delete');
  assert.ok(!JSON.stringify(await store.range({ prefix: '' })).includes(issued.token));
  assert.ok(!JSON.stringify(await identity.users()).includes('argon2'));
  assert.equal(identity.known?.(issued.token)?.userId, (await identity.authenticate(issued.token)).userId);
  await identity.logout(issued.token);
  assert.equal(identity.known?.(issued.token), undefined);
  await assert.rejects(identity.authenticate(issued.token), refusedWith('Unauthenticated'));
});

test('an unknown user and a wrong password get the same answer', async () => {
  const { identity } = await setUp();
  const messages: string[] = [];
  for (const username of ['admin', 'nobody', '../x']) {
    await assert.rejects(identity.login({ username, password: 'wrong password' }), (error: Error) => {
      messages.push(error.message);
      return refusedWith('Unauthenticated')(error);
    });
  }
  assert.equal(new Set(messages).size, 1);
});

test('a token holds for an hour, not longer', async () => {
  const { identity, clock } = await setUp();
  const { token } = await identity.login(admin);
  await identity.authenticate(token);
  await clock.advance(3_599_999);
  await identity.authenticate(token);
  await clock.advance(1);
  await assert.rejects(identity.authenticate(token), refusedWith('Unauthenticated'));
});

test('only who is administrator of all projects sees what all projects have', async () => {
  const { identity } = await setUp();
  const other = await identity.createProject(context, { name: 'other' });
  const first = await identity.authenticate((await identity.login(admin)).token);
  assert.equal(first.seesAllProjects, true);
  for (const [username, grant] of [
    ['viewer', { projectId: '*' as const, role: 'viewer' }],
    ['owner', { projectId: other.id, role: 'admin' }],
  ] as const) {
    await identity.createUser(context, { username, password: 'long enough', grants: [grant] });
    const { token } = await identity.login({ username, password: 'long enough', project: 'other' });
    assert.equal((await identity.authenticate(token)).seesAllProjects, false, username);
  }
});

test('roles open what they name and nothing else', async () => {
  const { identity } = await setUp();
  for (const [role, allowed, refused] of [
    ['viewer', ['ns:read', 'identity:read'], ['ns:write', 'ns:operate']],
    [
      'operator',
      ['ns:operate', 'packages:delete', 'inventory:write'],
      ['identity:write', 'agents:enroll', 'inventory:delete'],
    ],
  ] as const) {
    await identity.createUser(context, { username: role, password: 'long enough', grants: [{ projectId: '*', role }] });
    const { token } = await identity.login({ username: role, password: 'long enough' });
    const principal = await identity.authenticate(token);
    for (const permission of allowed) identity.authorize(principal, permission);
    for (const permission of refused)
      assert.throws(() => identity.authorize(principal, permission), refusedWith('Forbidden'));
  }
});

test('changes of a user count at once, and a new password ends old logins', async () => {
  const { identity } = await setUp();
  const grants = [{ projectId: '*' as const, role: 'viewer' }];
  const user = await identity.createUser(context, { username: 'eve', password: 'long enough', grants });
  await assert.rejects(
    identity.createUser(context, { username: 'eve', password: 'long enough' }),
    refusedWith('Conflict'),
  );
  const login = { username: 'eve', password: 'long enough' };
  const { token } = await identity.login(login);
  await identity.authenticate(token);
  await identity.updateUser(context, user.id, { grants: [{ projectId: '*', role: 'operator' }] });
  identity.authorize(await identity.authenticate(token), 'ns:write');
  await identity.updateUser(context, user.id, { password: 'even longer' });
  await assert.rejects(identity.authenticate(token), refusedWith('Unauthenticated'));
  await assert.rejects(identity.login(login), refusedWith('Unauthenticated'));
  await identity.updateUser(context, user.id, { disabled: true });
  await assert.rejects(identity.login({ ...login, password: 'even longer' }), refusedWith('Unauthenticated'));
  await identity.deleteUser(context, user.id);
  assert.equal((await identity.users()).length, 1);
});

test('a change that another controller commits reaches the cache', async () => {
  const { identity, store, clock } = await setUp();
  await identity.start();
  const { token } = await identity.login(admin);
  const { userId } = await identity.authenticate(token);
  const entry = (await store.get<object>(`user/${userId}`))!;
  await store.commit([{ key: entry.key, value: { ...entry.value, disabled: true } }]);
  await clock.settle();
  await assert.rejects(identity.authenticate(token), refusedWith('Unauthenticated'));
  await identity.stop();
});

test('a user has roles only in the projects granted', async () => {
  const { identity } = await setUp();
  const mine = await identity.createProject(context, { name: 'mine' });
  await assert.rejects(identity.createProject(context, { name: 'mine' }), refusedWith('Conflict'));
  const grants = [{ projectId: mine.id, role: 'viewer' }];
  await identity.createUser(context, { username: 'eve', password: 'long enough', grants });
  const login = { username: 'eve', password: 'long enough' };
  assert.equal((await identity.login(login)).projectId, mine.id);
  await assert.rejects(identity.login({ ...login, project: 'default' }), refusedWith('Forbidden'));
});

test('guessing is slowed per user name and address', async () => {
  const { identity, clock } = await setUp();
  const guess = { username: 'admin', password: 'wrong password', address: '192.0.2.1' };
  for (let count = 0; count < 10; count += 1)
    await assert.rejects(identity.login(guess), refusedWith('Unauthenticated'));
  await assert.rejects(identity.login({ ...admin, address: guess.address }), refusedWith('TooManyRequests'));
  await identity.login({ ...admin, address: '192.0.2.2' });
  await clock.advance(60_000);
  await identity.login({ ...admin, address: guess.address });
});
