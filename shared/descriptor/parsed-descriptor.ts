import type { JsonObject } from '../model/json.ts';
import type { Complaint } from './complaint.ts';
import type { NsModel } from './ns-model.ts';
import type { VnfModel } from './vnf-model.ts';

export type DescriptorKind = 'vnfd' | 'nsd' | 'pnfd' | 'nst';

/** Outcome of reading one descriptor text. `model` is absent when an error forbids acting on it. */
export interface ParsedDescriptor {
  kind: DescriptorKind | undefined;
  /** The descriptor as SOL006 JSON, envelope removed, legacy translated. */
  document: JsonObject | undefined;
  model: VnfModel | NsModel | undefined;
  /** All of them at once, in document order. */
  complaints: Complaint[];
  report: OnboardingReport;
  /** Further descriptors of the same text (an `nfv` may hold several); their complaints are among these. */
  others?: ParsedDescriptor[];
  /** Place of a field of `document`, for checks against other packages; absent when there is no text. */
  locate?: (holder: object, field?: string | number) => Place;
}

export interface Place {
  file: string;
  line: number;
  column: number;
  path: string;
}

/** What reading did to the text; stands on the onboarded resource as `onboardingReport`. */
export interface OnboardingReport {
  /** `sol006`, `sol006-osm`, `legacy-osm`. */
  format: string;
  translated: ReportLine[];
  dropped: ReportLine[];
  tolerated: ReportLine[];
}

export interface ReportLine {
  path: string;
  line: number;
  message: string;
}
