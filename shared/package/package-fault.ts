import type { Complaint } from '../descriptor/complaint.ts';

/** A fault that ends the reading of a package: what follows cannot be trusted or would cost too much. */
export class PackageFault extends Error {
  readonly complaint: Complaint;

  constructor(code: string, file: string, message: string, remedy: string) {
    super(message);
    this.name = 'PackageFault';
    this.complaint = packageComplaint('error', code, file, message, remedy);
  }
}

export function packageComplaint(
  severity: Complaint['severity'],
  code: string,
  ...[file, message, remedy]: [file: string, message: string, remedy: string]
): Complaint {
  return { severity, code, file, line: 0, column: 0, path: '', message, remedy };
}
