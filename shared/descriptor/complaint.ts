/** One finding about a descriptor or package, placed where a person or an editor can go. */
export interface Complaint {
  severity: 'error' | 'warning';
  /** Stable word for machines: UnknownField, BrokenReference, DuplicateId, WrongType, … */
  code: string;
  /** Path inside the package or folder. */
  file: string;
  /** From 1; 0 when the finding has no place in the text. */
  line: number;
  column: number;
  /** Path in the document: `vnfd/vdu[0]/int-cpd[1]/int-virtual-link-desc`. */
  path: string;
  message: string;
  remedy: string;
}

/** `file:line:column path: complaint; remedy`. */
export function printComplaint(complaint: Complaint): string {
  const place = complaint.line > 0 ? `:${complaint.line}:${complaint.column}` : '';
  const path = complaint.path === '' ? '' : ` ${complaint.path}`;
  return `${complaint.file}${place}${path}: ${complaint.message}; ${complaint.remedy}`;
}
