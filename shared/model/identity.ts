import type { ProjectId, UserId } from './ids.ts';

/** `user/<id>` */
export interface User {
  id: UserId;
  username: string;
  /** PHC string (argon2id). */
  passwordHash: string;
  /** Role names per project; `'*'` for all projects. */
  grants: { projectId: ProjectId | '*'; role: string }[];
  disabled: boolean;
  createdAt: number;
}

/** `project/<id>` */
export interface Project {
  id: ProjectId;
  name: string;
  createdAt: number;
}

/** `role/<name>`: permissions `resource:verb`, `resource:*`, `*`. Built in: admin, operator, viewer. */
export interface Role {
  name: string;
  permissions: string[];
  builtIn: boolean;
}

/** `token/<sha256 of the bearer>` */
export interface AccessToken {
  userId: UserId;
  username: string;
  projectId: ProjectId;
  roles: string[];
  issuedAt: number;
  expiresAt: number;
}

/** Who asks: resolved once per request. */
export interface Principal {
  userId: UserId;
  username: string;
  projectId: ProjectId;
  roles: string[];
  permissions: ReadonlySet<string>;
  /** Has every permission in every project (a grant of such a role for `*`): sees what other projects have. */
  seesAllProjects?: boolean;
}
