import type { Principal, Project, Role, User } from '#shared/model/identity.ts';
import type { RequestContext } from '../context.ts';

/** Users, projects, roles and bearer tokens. Tokens are kept hashed; passwords as argon2id. */
export interface Identity {
  /** @throws Unauthenticated (same answer and time for an unknown user and a wrong password), TooManyRequests */
  login(input: {
    username: string;
    password: string;
    project?: string;
    /** Where the login comes from; guesses are counted per user name and address. */
    address?: string;
  }): Promise<IssuedToken>;
  /** Hot path: cached, synchronous when warm. @throws Unauthenticated */
  authenticate(bearer: string): Promise<Principal>;
  /** Who a token stands for, when that is in the cache: no longer than it holds, and not after a change of users or roles. */
  known?(bearer: string): Principal | undefined;
  /** @throws Forbidden */
  authorize(principal: Principal, permission: Permission): void;
  logout(bearer: string): Promise<void>;

  users(): Promise<Omit<User, 'passwordHash'>[]>;
  createUser(
    context: RequestContext,
    input: { username: string; password: string; grants?: User['grants'] },
  ): Promise<Omit<User, 'passwordHash'>>;
  updateUser(
    context: RequestContext,
    id: string,
    patch: { password?: string; grants?: User['grants']; disabled?: boolean },
  ): Promise<void>;
  deleteUser(context: RequestContext, id: string): Promise<void>;
  projects(): Promise<Project[]>;
  createProject(context: RequestContext, input: { name: string }): Promise<Project>;
  deleteProject(context: RequestContext, id: string): Promise<void>;
  roles(): Promise<Role[]>;
  /** First start: project `default`, roles, user `admin` with this password. No-op when there is a user. */
  bootstrap(adminPassword: string): Promise<void>;
}

export interface IssuedToken {
  token: string;
  expiresAt: number;
  username: string;
  projectId: string;
  projectName: string;
  roles: string[];
}

export type Permission =
  | `packages:${Verb}`
  | `nsds:${Verb}`
  | `ns:${Verb | 'operate'}`
  | `inventory:${Verb}`
  | `agents:${Verb | 'enroll'}`
  | `subscriptions:${Verb}`
  | `identity:${Verb}`;
type Verb = 'read' | 'write' | 'delete';
