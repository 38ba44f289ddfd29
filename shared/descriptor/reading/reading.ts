import type { Complaint } from '../complaint.ts';
import type { OnboardingReport, Place, ReportLine } from '../parsed-descriptor.ts';
import type { LineIndex } from '../text/line-index.ts';

/** Where an object or list of the document stood in the text. */
interface Origin {
  path: string;
  offset: number;
  fields: Map<string | number, number>;
}

export interface Finding {
  code: string;
  message: string;
  remedy: string;
}

/** More than this helps nobody; the rest is counted in one last line. */
const maxComplaints = 500;

/** One reading of one text: collects complaints and report lines and remembers where every value stood. */
export class Reading {
  readonly file: string;
  readonly complaints: Complaint[] = [];
  readonly translated: ReportLine[] = [];
  readonly dropped: ReportLine[] = [];
  readonly tolerated: ReportLine[] = [];
  readonly #lines: LineIndex;
  readonly #origins = new WeakMap<object, Origin>();
  #left = 0;

  constructor(file: string, lines: LineIndex) {
    this.file = file;
    this.#lines = lines;
  }

  remember(value: object, path: string, offset: number): Map<string | number, number> {
    const fields = new Map<string | number, number>();
    this.#origins.set(value, { path, offset, fields });
    return fields;
  }

  complainAt(severity: Complaint['severity'], path: string, offset: number, finding: Finding): void {
    if (this.complaints.length >= maxComplaints) {
      this.#left += 1;
      return;
    }
    const place = this.#lines.place(offset);
    this.complaints.push({ severity, file: this.file, path, ...place, ...finding });
  }

  /** About `holder[field]`, or about `holder` itself. The place is that of the nearest thing that stands in the text. */
  complain(
    severity: Complaint['severity'],
    holder: object,
    field: string | number | undefined,
    finding: Finding,
  ): void {
    const origin = this.#origins.get(holder);
    this.complainAt(severity, joinPath(origin?.path ?? '', field), offsetIn(origin, field), finding);
  }

  /** Place of `holder[field]`, for checks that come later. */
  locate(holder: object, field?: string | number): Place {
    const origin = this.#origins.get(holder);
    const place = origin === undefined ? { line: 0, column: 0 } : this.#lines.place(offsetIn(origin, field));
    return { file: this.file, path: joinPath(origin?.path ?? '', field), ...place };
  }

  error(holder: object, field: string | number | undefined, finding: Finding): void {
    this.complain('error', holder, field, finding);
  }

  warn(holder: object, field: string | number | undefined, finding: Finding): void {
    this.complain('warning', holder, field, finding);
  }

  translate(offset: number, path: string, message: string): void {
    this.translated.push(this.#line(offset, path, message));
  }

  drop(offset: number, path: string, message: string): void {
    this.dropped.push(this.#line(offset, path, message));
  }

  tolerate(offset: number, path: string, message: string): void {
    if (this.tolerated.length < maxComplaints) this.tolerated.push(this.#line(offset, path, message));
  }

  report(format: string): OnboardingReport {
    return { format, translated: this.translated, dropped: this.dropped, tolerated: this.tolerated };
  }

  /** Complaints in document order, with a last line for what did not fit. */
  inOrder(): Complaint[] {
    const sorted = withoutEchoes(this.complaints).sort((one, two) => one.line - two.line || one.column - two.column);
    if (this.#left === 0) return sorted;
    const message = `${this.#left} more complaints are not shown`;
    const more = { severity: 'error' as const, code: 'TooMany', file: this.file, path: '', line: 0, column: 0 };
    return [...sorted, { ...more, message, remedy: 'correct those above first' }];
  }

  #line(offset: number, path: string, message: string): ReportLine {
    return { path, line: this.#lines.place(offset).line, message };
  }
}

/** A value that is wrong in itself is not complained about again for what it would mean. */
function withoutEchoes(complaints: Complaint[]): Complaint[] {
  const placeOf = ({ line, column, path, code }: Complaint) => `${line}:${column}:${path}:${code}`;
  const errors = new Map<string, Complaint>();
  for (const complaint of complaints) {
    const place = placeOf(complaint);
    if (complaint.severity === 'error' && !errors.has(place)) errors.set(place, complaint);
  }
  return complaints.filter((complaint) => (errors.get(placeOf(complaint)) ?? complaint) === complaint);
}

function offsetIn(origin: Origin | undefined, field: string | number | undefined): number {
  return (field === undefined ? undefined : origin?.fields.get(field)) ?? origin?.offset ?? 0;
}

export function joinPath(path: string, field: string | number | undefined): string {
  if (field === undefined) return path;
  if (typeof field === 'number') return `${path}[${field}]`;
  return path === '' ? field : `${path}/${field}`;
}
