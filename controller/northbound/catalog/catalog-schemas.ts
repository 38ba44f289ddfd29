import { Type } from 'typebox';
import { OnboardingAttributes } from '#shared/api/catalog-onboarding.ts';
import { ProblemDetails } from '#shared/api/problem.ts';

export const Link = Type.Object({ href: Type.String() });
export const Checksum = Type.Object({ algorithm: Type.String(), hash: Type.String() });
export const KeyValuePairs = Type.Record(Type.String({ maxLength: 256 }), Type.String({ maxLength: 4096 }));
/** Merge patch: null removes a pair. */
export const KeyValuePatch = Type.Record(
  Type.String({ maxLength: 256 }),
  Type.Union([Type.String({ maxLength: 4096 }), Type.Null()]),
);
export const OnboardingState = Type.String({ description: 'CREATED, UPLOADING, PROCESSING, ONBOARDED, ERROR (v2)' });
export const OperationalState = Type.Union([Type.Literal('ENABLED'), Type.Literal('DISABLED')]);
export const UsageState = Type.Union([Type.Literal('IN_USE'), Type.Literal('NOT_IN_USE')]);
export const FailureDetails = Type.Object({ ...ProblemDetails.properties }, { additionalProperties: true });
export const SkerryAttributes = OnboardingAttributes;
export const CreateRequest = Type.Union([
  Type.Object({ userDefinedData: Type.Optional(KeyValuePairs) }, { additionalProperties: false }),
  Type.Null(),
]);
