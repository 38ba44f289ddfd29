import { Type } from 'typebox';

const Name = Type.String({ minLength: 1, maxLength: 255 });
const Password = Type.String({ minLength: 1, maxLength: 1024 });

export const TokenRequest = Type.Object(
  { username: Name, password: Password, project: Type.Optional(Name) },
  { additionalProperties: false },
);

/** `expiresAt`: RFC 3339. */
export const IssuedToken = Type.Object({
  token: Type.String(),
  expiresAt: Type.String(),
  username: Type.String(),
  projectId: Type.String(),
  projectName: Type.String(),
  roles: Type.Array(Type.String()),
});

const Grants = Type.Array(Type.Object({ projectId: Name, role: Name }, { additionalProperties: false }), {
  maxItems: 200,
  description: 'Roles by project; projectId `*` for all projects',
});

export const CreateUserRequest = Type.Object(
  { username: Name, password: Password, grants: Type.Optional(Grants) },
  { additionalProperties: false },
);
export const UpdateUserRequest = Type.Object(
  {
    password: Type.Optional(Password),
    grants: Type.Optional(Grants),
    disabled: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false, minProperties: 1 },
);
export const CreateProjectRequest = Type.Object({ name: Name }, { additionalProperties: false });
