import { type Static, Type } from 'typebox';

/** One finding about a package, placed where a person or an editor can go. */
export const ComplaintSchema = Type.Object({
  severity: Type.Union([Type.Literal('error'), Type.Literal('warning')]),
  code: Type.String(),
  file: Type.String(),
  line: Type.Integer(),
  column: Type.Integer(),
  path: Type.String(),
  message: Type.String(),
  remedy: Type.String(),
});

const ReportLine = Type.Object({ path: Type.String(), line: Type.Integer(), message: Type.String() });

/** Member `onboardingReport` of VnfPkgInfo and NsdInfo: what reading did to the descriptor: translated, dropped, tolerated. */
export const OnboardingReportSchema = Type.Object({
  format: Type.String({ description: 'sol006, sol006-osm, legacy-osm' }),
  translated: Type.Array(ReportLine),
  dropped: Type.Array(ReportLine),
  tolerated: Type.Array(ReportLine),
});

/** The member `_skerry` of VnfPkgInfo and NsdInfo. */
export const OnboardingAttributes = Type.Object({
  revision: Type.Integer({ description: 'Grows with each new content' }),
  fileName: Type.Optional(Type.String()),
  contentBytes: Type.Optional(Type.Integer()),
  warnings: Type.Array(ComplaintSchema),
  createdAt: Type.String(),
  modifiedAt: Type.String(),
});
export type OnboardingAttributes = Static<typeof OnboardingAttributes>;
