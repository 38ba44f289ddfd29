import type { CliContext } from './cli-context.ts';

export type OutputFormat = 'table' | 'json' | 'yaml';
export const outputFormats: readonly OutputFormat[] = ['table', 'json', 'yaml'];

export interface Column<Row> {
  title: string;
  value(row: Row): string | number | boolean | undefined | null;
  /** Of words for people, which may be long: cut in tables, whole in JSON and YAML. */
  isProse?: boolean;
}

/** Characters of prose in one cell. */
const proseLimit = 120;

/** Prints rows as a table for people, or whole as JSON or YAML for machines. */
export async function printRows<Row>(
  context: CliContext,
  format: OutputFormat,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
): Promise<void> {
  if (format !== 'table') return printValue(context, format, rows);
  if (rows.length === 0) return context.err('nothing to list\n');
  context.out(
    await renderTable(
      columns.map((column) => column.title),
      rows.map((row) => columns.map((column) => cellOf(column, row))),
      context.hasColours,
    ),
  );
}

/** One thing: `name  value` lines for people. */
export async function printFacts(
  context: CliContext,
  format: OutputFormat,
  value: unknown,
  facts: readonly [string, unknown][],
): Promise<void> {
  if (format !== 'table') return printValue(context, format, value);
  const width = Math.max(...facts.map(([name]) => name.length));
  for (const [name, fact] of facts) {
    const lines = Array.isArray(fact) ? fact.map(text) : [text(fact)];
    lines.forEach((line, index) => {
      context.out(`${(index === 0 ? name : '').padEnd(width)}  ${line}\n`);
    });
  }
}

export async function printValue(context: CliContext, format: OutputFormat, value: unknown): Promise<void> {
  if (format === 'yaml') {
    const { stringify } = await import('yaml');
    context.out(stringify(value, { aliasDuplicateObjects: false }));
  } else context.out(`${JSON.stringify(value, null, 2)}\n`);
}

/** Plain columns, no frame: the eye and `awk` both read them. */
export async function renderTable(titles: string[], rows: string[][], hasColours: boolean): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const none = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '' };
  const table = new Table({
    head: titles.map((title) => title.toUpperCase()),
    style: { head: hasColours ? ['bold'] : [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
    chars: {
      ...none,
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '',
    },
  });
  table.push(...rows);
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}

function cellOf<Row>(column: Column<Row>, row: Row): string {
  const cell = text(column.value(row));
  return column.isProse === true ? shortened(cell, proseLimit) : cell;
}

/** Chains of errors say what failed at their beginning, and why at their end: what is between them goes. */
export function shortened(prose: string, limit: number): string {
  const line = prose.replace(/\s+/g, ' ').trim();
  if (line.length <= limit) return line;
  const half = Math.floor((limit - 3) / 2);
  // At a word's edge, if there is one near.
  const head = line.slice(0, half).replace(/\s\S{0,20}$/, '');
  const tail = line.slice(-half).replace(/^\S{0,20}\s/, '');
  return `${head} … ${tail}`;
}

// What comes from descriptors and agents may hold control characters; a terminal must not obey them.
function text(value: unknown): string {
  if (value === undefined || value === null || value === '') return '-';
  const plain = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return plain.replace(/\p{Cc}/gu, (character) => (character === '\n' || character === '\t' ? character : '\u00b7'));
}

/** `3 s`, `5 min`, `2 h`, `4 d`: how old a status is. */
export function formatAge(ageMs: number | undefined | null): string {
  if (ageMs === undefined || ageMs === null) return 'never';
  const seconds = Math.max(0, Math.round(ageMs / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** `key=value,key=value`. */
export function formatLabels(labels: Record<string, string> | undefined): string {
  return Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}
