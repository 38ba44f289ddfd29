import { type Static, Type } from 'typebox';

/** Problem details (RFC 9457; ETSI GS NFV-SOL 013 clause 6.3) with Skerry's additional members. */
export const ProblemDetails = Type.Object(
  {
    type: Type.Optional(Type.String({ description: 'URI of the kind of problem' })),
    title: Type.Optional(Type.String()),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.Optional(Type.String({ description: 'Path of the request' })),
    code: Type.Optional(Type.String({ description: 'Code of the error catalogue' })),
    remedy: Type.Optional(Type.String({ description: 'What the reader can do about it' })),
    requestId: Type.Optional(Type.String()),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          path: Type.String({ description: 'Where in the request' }),
          message: Type.String(),
          remedy: Type.Optional(Type.String()),
        }),
      ),
    ),
  },
  { additionalProperties: true },
);
export type ProblemDetails = Static<typeof ProblemDetails>;
