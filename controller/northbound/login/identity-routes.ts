import { CreateProjectRequest, CreateUserRequest, UpdateUserRequest } from '#shared/api/login.ts';
import type { User } from '#shared/model/identity.ts';
import type { NorthboundPlugin } from '../plugin.ts';
import { contextOf } from '../request.ts';
import { dateTime } from '../sol013/date-time.ts';

interface ById {
  Params: { id: string };
}

type Grants = User['grants'];

/** Users, projects and roles: `/skerry/v1/{users,projects,roles}`. */
export const identityPlugin: NorthboundPlugin = (app, { identity }) => {
  const tags = ['identity'];
  const read = { config: { permission: 'identity:read' }, schema: { tags } } as const;
  const remove = { config: { permission: 'identity:delete' }, schema: { tags } } as const;
  const write = (body: object) => ({ config: { permission: 'identity:write' as const }, schema: { tags, body } });

  app.get('/skerry/v1/users', read, async () => (await identity.users()).map(shown));
  app.post('/skerry/v1/users', write(CreateUserRequest), async (request, reply) => {
    const body = request.body as { username: string; password: string; grants?: Grants };
    const user = await identity.createUser(contextOf(request), body);
    reply.header('location', `${request.baseUrl}/skerry/v1/users/${user.id}`);
    return reply.code(201).send(shown(user));
  });
  app.patch<ById>('/skerry/v1/users/:id', write(UpdateUserRequest), async (request, reply) => {
    const patch = request.body as { password?: string; grants?: Grants; disabled?: boolean };
    await identity.updateUser(contextOf(request), request.params.id, patch);
    return reply.code(204).send();
  });
  app.delete<ById>('/skerry/v1/users/:id', remove, async (request, reply) => {
    await identity.deleteUser(contextOf(request), request.params.id);
    return reply.code(204).send();
  });

  app.get('/skerry/v1/projects', read, async () => (await identity.projects()).map(withTime));
  app.post('/skerry/v1/projects', write(CreateProjectRequest), async (request, reply) => {
    const project = await identity.createProject(contextOf(request), request.body as { name: string });
    reply.header('location', `${request.baseUrl}/skerry/v1/projects/${project.id}`);
    return reply.code(201).send(withTime(project));
  });
  app.delete<ById>('/skerry/v1/projects/:id', remove, async (request, reply) => {
    await identity.deleteProject(contextOf(request), request.params.id);
    return reply.code(204).send();
  });

  app.get('/skerry/v1/roles', read, async () => identity.roles());
};

/** Member by member, so that nothing secret can ever slip through. */
function shown({ id, username, grants, disabled, createdAt }: Omit<User, 'passwordHash'>) {
  return { id, username, grants, disabled, createdAt: dateTime(createdAt) };
}

function withTime<T extends { createdAt: number }>(record: T) {
  return { ...record, createdAt: dateTime(record.createdAt) };
}
