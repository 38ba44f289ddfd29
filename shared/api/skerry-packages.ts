import { type Static, Type } from 'typebox';

/** Answer of `POST /skerry/v1/packages`: create and onboard in one step. */
export const OnboardAnswer = Type.Object({
  outcome: Type.Union([Type.Literal('created'), Type.Literal('revised'), Type.Literal('unchanged')]),
  kind: Type.Union([Type.Literal('vnf'), Type.Literal('ns')]),
  id: Type.String(),
  resource: Type.Object(
    {},
    { additionalProperties: true, description: 'VnfPkgInfo or NsdInfo (ETSI GS NFV-SOL 005), with _skerry' },
  ),
});
export type OnboardAnswer = Static<typeof OnboardAnswer>;
