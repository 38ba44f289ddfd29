export { checkNsAgainstVnfs } from './checks/check-ns-against-vnfs.ts';
export { type Complaint, printComplaint } from './complaint.ts';
export type * from './ns-model.ts';
export { parseDescriptor } from './parse-descriptor.ts';
export type { DescriptorKind, OnboardingReport, ParsedDescriptor, Place, ReportLine } from './parsed-descriptor.ts';
export type * from './vnf-model.ts';
