import { createHash } from 'node:crypto';
import { hash as hashPassword, verify as verifyPassword } from '@node-rs/argon2';
import { SkerryError } from '#shared/errors/index.ts';
import {
  type AccessToken,
  id,
  type Principal,
  type Project,
  type ProjectId,
  type Role,
  type User,
  type UserId,
} from '#shared/model/index.ts';
import type { Clock, Component, Logger, Random } from '#shared/runtime/index.ts';
import type { Entry, Store } from '#shared/store/index.ts';
import { keys } from '../keys.ts';
import { builtInRoles, isPermitted } from './built-in-roles.ts';
import type { Identity, IssuedToken } from './identity.ts';
import { LoginLimiter } from './login-limiter.ts';
import { PrincipalCache } from './principal-cache.ts';
import { TokenHashes } from './token-hashes.ts';

export interface IdentityDependencies {
  store: Store;
  clock: Clock;
  random: Random;
  log: Logger;
  /** How long a token holds; fixed when it is issued. */
  tokenTtlMs?: number;
}

/** OWASP's setting for argon2id: 19 MiB, two passes, one lane. */
const argon2Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const maxTokens = 10_000;

/** The component's life is its watch on changes made elsewhere; without `start` only its own changes empty the cache. */
export function createIdentity(dependencies: IdentityDependencies): Identity & Component {
  return new StoredIdentity(dependencies);
}

class StoredIdentity implements Identity, Component {
  #store: Store;
  #clock: Clock;
  #random: Random;
  #log: Logger;
  #tokenTtlMs: number;
  #limiter: LoginLimiter;
  #cache = new PrincipalCache();
  readonly #hashes = new TokenHashes(sha256);
  #stopping = new AbortController();
  #watching: Promise<void> | undefined;
  #decoyHash: Promise<string> | undefined;

  constructor({ store, clock, random, log, tokenTtlMs = 3_600_000 }: IdentityDependencies) {
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
    this.#log = log;
    this.#tokenTtlMs = tokenTtlMs;
    this.#limiter = new LoginLimiter(clock);
  }

  async start(): Promise<void> {
    this.#watching ??= this.#watch(await this.#store.revision());
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#watching;
  }

  async login(input: { username: string; password: string; project?: string; address?: string }): Promise<IssuedToken> {
    const username = input.username.slice(0, 128);
    const guesser = `${username} ${(input.address ?? '').slice(0, 64)}`;
    this.#limiter.enter(guesser);
    const user = await this.#userNamed(username);
    const stored = user?.passwordHash ?? (await this.#decoy());
    // An unknown user costs the same work and gets the same answer as a wrong password.
    const isRight = await verifyPassword(stored, input.password.slice(0, 1024));
    if (user === undefined || !isRight || user.disabled)
      throw new SkerryError('Unauthenticated', 'The user name or the password is wrong');
    const project = await this.#projectFor(user, input.project);
    this.#limiter.succeeded(guesser);
    return this.#issue(user, project);
  }

  async authenticate(bearer: string): Promise<Principal> {
    const known = this.known(bearer);
    if (known !== undefined) return known;
    const hash = sha256(bearer);
    const token = (await this.#store.get<AccessToken>(keys.accessToken(hash)))?.value;
    if (token === undefined || token.expiresAt <= this.#clock.now()) throw notAuthenticated();
    const user = (await this.#store.get<User>(keys.user(token.userId)))?.value;
    if (user === undefined || user.disabled) throw notAuthenticated();
    // The user's present grants count, not those of the time of the login.
    const roles = rolesIn(user, token.projectId);
    if (roles.length === 0) throw notAuthenticated();
    const everywhere = user.grants.filter((grant) => grant.projectId === '*').map(({ role }) => role);
    const permissions = new Set<string>();
    let seesAllProjects = false;
    for (const role of roles) {
      const found = (await this.#store.get<Role>(keys.role(role)))?.value;
      for (const permission of found?.permissions ?? []) permissions.add(permission);
      if (everywhere.includes(role) && found?.permissions.includes('*')) seesAllProjects = true;
    }
    const { userId, username, projectId } = token;
    const principal: Principal = { userId, username, projectId, roles, permissions, seesAllProjects };
    this.#cache.set(hash, principal, token.expiresAt);
    return principal;
  }

  known(bearer: string): Principal | undefined {
    return this.#cache.get(this.#hashes.of(bearer), this.#clock.now());
  }

  authorize(principal: Principal, permission: string): void {
    if (isPermitted(principal.permissions, permission)) return;
    throw new SkerryError('Forbidden', `The user ${principal.username} may not do this`, {
      details: { permission, roles: principal.roles },
      remedy: `Ask an administrator for a role with the permission ${permission}.`,
    });
  }

  async logout(bearer: string): Promise<void> {
    const hash = sha256(bearer);
    this.#cache.forget(hash);
    await this.#store.commit([{ key: keys.accessToken(hash), value: undefined }]);
  }

  async users(): Promise<Omit<User, 'passwordHash'>[]> {
    return (await this.#store.range<User>({ prefix: keys.user('') })).map(({ value }) => withoutPassword(value));
  }

  async createUser(
    _context: unknown,
    input: { username: string; password: string; grants?: User['grants'] },
  ): Promise<Omit<User, 'passwordHash'>> {
    if (!/^[A-Za-z0-9][\w.@-]{0,127}$/.test(input.username))
      throw new SkerryError('BadRequest', 'A user name has 1 to 128 letters, digits, dots, dashes, underscores and @');
    await this.#checkGrants(input.grants ?? []);
    const user: User = {
      id: id<UserId>(this.#random.uuid()),
      username: input.username,
      passwordHash: await this.#hash(input.password),
      grants: input.grants ?? [],
      disabled: false,
      createdAt: this.#clock.now(),
    };
    const name = keys.meta(`user-name/${user.username}`);
    try {
      await this.#store.commit(
        [
          { key: keys.user(user.id), value: user },
          { key: name, value: user.id },
        ],
        { expect: [{ key: name, revision: 0 }] },
      );
    } catch (cause) {
      if (!(cause instanceof SkerryError) || cause.code !== 'RevisionConflict') throw cause;
      throw new SkerryError('Conflict', `There is a user ${user.username} already`, { cause });
    }
    return withoutPassword(user);
  }

  async updateUser(
    _context: unknown,
    userId: string,
    patch: { password?: string; grants?: User['grants']; disabled?: boolean },
  ): Promise<void> {
    const entry = await this.#user(userId);
    if (patch.grants !== undefined) await this.#checkGrants(patch.grants);
    const changed: User = {
      ...entry.value,
      ...(patch.password === undefined ? {} : { passwordHash: await this.#hash(patch.password) }),
      ...(patch.grants === undefined ? {} : { grants: patch.grants }),
      ...(patch.disabled === undefined ? {} : { disabled: patch.disabled }),
    };
    // A new password ends what was opened with the old one.
    const ended = patch.password === undefined && !changed.disabled ? [] : await this.#tokensOf(userId);
    const changes = [{ key: entry.key, value: changed }, ...ended.map((key) => ({ key, value: undefined }))];
    await this.#store.commit(changes, { expect: [{ key: entry.key, revision: entry.revision }] });
    this.#cache.clear();
  }

  async deleteUser(_context: unknown, userId: string): Promise<void> {
    const entry = await this.#user(userId);
    const gone = [entry.key, keys.meta(`user-name/${entry.value.username}`), ...(await this.#tokensOf(userId))];
    await this.#store.commit(
      gone.map((key) => ({ key, value: undefined })),
      { expect: [{ key: entry.key, revision: entry.revision }] },
    );
    this.#cache.clear();
  }

  async projects(): Promise<Project[]> {
    return (await this.#store.range<Project>({ prefix: keys.project('') })).map(({ value }) => value);
  }

  async createProject(_context: unknown, input: { name: string }): Promise<Project> {
    if (!/^[A-Za-z0-9][\w .-]{0,62}$/.test(input.name))
      throw new SkerryError(
        'BadRequest',
        'The name of a project has 1 to 63 letters, digits, spaces, dots, dashes and underscores',
      );
    if ((await this.projects()).some(({ name }) => name === input.name))
      throw new SkerryError('Conflict', `There is a project ${input.name} already`);
    const project = { id: id<ProjectId>(this.#random.uuid()), name: input.name, createdAt: this.#clock.now() };
    await this.#store.commit([{ key: keys.project(project.id), value: project }]);
    return project;
  }

  async deleteProject(_context: unknown, projectId: string): Promise<void> {
    const entry = await this.#store.get<Project>(keys.project(projectId));
    if (entry === undefined) throw new SkerryError('NotFound', `There is no project ${projectId}`);
    await this.#store.commit([{ key: entry.key, value: undefined }]);
    this.#cache.clear();
  }

  async roles(): Promise<Role[]> {
    return (await this.#store.range<Role>({ prefix: keys.role('') })).map(({ value }) => value);
  }

  async bootstrap(adminPassword: string): Promise<void> {
    if ((await this.#store.range({ prefix: keys.user(''), limit: 1 })).length > 0) return;
    await this.#store.commit(builtInRoles.map((role) => ({ key: keys.role(role.name), value: role })));
    if (!(await this.projects()).some(({ name }) => name === 'default'))
      await this.createProject(undefined, { name: 'default' });
    const grants = [{ projectId: '*' as const, role: 'admin' }];
    await this.createUser(undefined, { username: 'admin', password: adminPassword, grants });
    this.#log.info({ username: 'admin' }, 'Made the first user.');
  }

  async #issue(user: User, project: Project): Promise<IssuedToken> {
    const bearer = Buffer.from(this.#random.hex(32), 'hex').toString('base64url');
    const now = this.#clock.now();
    const token: AccessToken = {
      userId: user.id,
      username: user.username,
      projectId: project.id,
      roles: rolesIn(user, project.id),
      issuedAt: now,
      expiresAt: now + this.#tokenTtlMs,
    };
    const tokens = await this.#store.range<AccessToken>({ prefix: keys.accessToken('') });
    const expired = tokens.filter(({ value }) => value.expiresAt <= now).slice(0, 1000);
    if (tokens.length - expired.length >= maxTokens)
      throw new SkerryError('TooManyRequests', 'Too many logins are open', {
        remedy: 'Log out where a login is not needed.',
      });
    await this.#store.commit([
      { key: keys.accessToken(sha256(bearer)), value: token },
      ...expired.map(({ key }) => ({ key, value: undefined })),
    ]);
    const { username, roles, expiresAt } = token;
    return { token: bearer, expiresAt, username, projectId: project.id, projectName: project.name, roles };
  }

  async #projectFor(user: User, wanted: string | undefined): Promise<Project> {
    const open = (await this.projects()).filter((project) => rolesIn(user, project.id).length > 0);
    const named = open.find(({ id: projectId, name }) => name === (wanted ?? 'default') || projectId === wanted);
    const project = named ?? (wanted === undefined ? open[0] : undefined);
    if (project !== undefined) return project;
    throw new SkerryError('Forbidden', 'The user has no role in such a project', {
      details: { project: wanted ?? 'default' },
    });
  }

  async #userNamed(username: string): Promise<User | undefined> {
    if (!/^[A-Za-z0-9][\w.@-]{0,127}$/.test(username)) return undefined;
    const userId = (await this.#store.get<string>(keys.meta(`user-name/${username}`)))?.value;
    return userId === undefined ? undefined : (await this.#store.get<User>(keys.user(userId)))?.value;
  }

  async #user(userId: string): Promise<Entry<User>> {
    const entry = await this.#store.get<User>(keys.user(userId));
    if (entry === undefined) throw new SkerryError('NotFound', `There is no user ${userId}`);
    return entry;
  }

  async #tokensOf(userId: string): Promise<string[]> {
    const tokens = await this.#store.range<AccessToken>({ prefix: keys.accessToken('') });
    return tokens.filter(({ value }) => value.userId === userId).map(({ key }) => key);
  }

  async #checkGrants(grants: User['grants']): Promise<void> {
    for (const { projectId, role } of grants) {
      const isKnown = (await this.#store.get(keys.role(role))) !== undefined;
      const isThere = projectId === '*' || (await this.#store.get(keys.project(projectId))) !== undefined;
      if (!isKnown || !isThere)
        throw new SkerryError('Unprocessable', 'A grant names a role or a project that does not exist', {
          details: { role, projectId },
        });
    }
  }

  async #hash(password: string): Promise<string> {
    if (password.length < 8 || password.length > 1024)
      throw new SkerryError('BadRequest', 'A password has 8 to 1024 characters');
    return hashPassword(password, argon2Options);
  }

  #decoy(): Promise<string> {
    this.#decoyHash ??= hashPassword(this.#random.hex(16), argon2Options);
    return this.#decoyHash;
  }

  /** Other controllers change users too: what they commit comes by the feed. */
  async #watch(from: number): Promise<void> {
    const prefixes = [keys.user(''), keys.role(''), keys.project('')];
    let cursor = from;
    while (!this.#stopping.signal.aborted) {
      try {
        for await (const { revision, changes } of this.#store.feed(cursor, this.#stopping.signal)) {
          cursor = revision;
          for (const { key, value } of changes) {
            if (prefixes.some((prefix) => key.startsWith(prefix))) this.#cache.clear();
            else if (value === undefined && key.startsWith(keys.accessToken('')))
              this.#cache.forget(key.slice(keys.accessToken('').length));
          }
        }
      } catch (error) {
        if (!(error instanceof SkerryError) || error.code !== 'Conflict') {
          if (!this.#stopping.signal.aborted) this.#log.warn({ error }, 'The watch on users ended.');
          return;
        }
        this.#cache.clear();
        cursor = await this.#store.revision();
      }
    }
  }
}

function rolesIn(user: User, projectId: ProjectId): string[] {
  const roles = user.grants.filter((grant) => grant.projectId === '*' || grant.projectId === projectId);
  return [...new Set(roles.map(({ role }) => role))];
}

function withoutPassword({ passwordHash: _, ...user }: User): Omit<User, 'passwordHash'> {
  return user;
}

function notAuthenticated(): SkerryError {
  return new SkerryError('Unauthenticated', 'The token is unknown or has expired', { remedy: 'Log in again.' });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
