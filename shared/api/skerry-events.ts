import { type Static, Type } from 'typebox';

export const eventTopics = ['ns', 'op', 'site', 'agent', 'infra', 'profile', 'cluster', 'application'] as const;
export type EventTopic = (typeof eventTopics)[number];

/**
 * Data of one server-sent event of `GET /skerry/v1/events`. The stream also has `hello` (its first, with the revision that it
 * starts at), `reset` (the revision asked for is no longer kept: read the state again) and `end` (why it ends).
 */
export const SkerryEvent = Type.Object({
  type: Type.Union([
    Type.Literal('ns'),
    Type.Literal('op'),
    Type.Literal('site'),
    Type.Literal('agent'),
    Type.Literal('infra'),
    Type.Literal('profile'),
    Type.Literal('cluster'),
    Type.Literal('application'),
  ]),
  id: Type.String({ description: 'Id of the resource' }),
  deleted: Type.Optional(Type.Boolean()),
  /** Absent when it was deleted. */
  resource: Type.Optional(Type.Object({}, { additionalProperties: true })),
});
export type SkerryEvent = Static<typeof SkerryEvent>;
