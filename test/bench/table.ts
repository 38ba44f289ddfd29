import Table from 'cli-table3';
import colors from 'picocolors';
import type { Measurement } from './measurement.ts';

export function tableOf(rows: readonly Measurement[]): string {
  const table = new Table({
    head: ['what', 'median', 'p90', 'p99', 'n', 'bare limit', 'ratio', 'goal'],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
  });
  for (const row of rows) table.push(cellsOf(row));
  const notes = rows.filter((row) => row.note !== undefined).map((row) => `  ${row.what}: ${row.note}`);
  return [table.toString(), ...notes].join('\n');
}

function cellsOf(row: Measurement): string[] {
  const { unit, bare, ratio, goals } = row;
  const goalTexts = goals.map(({ text, isMet }) =>
    isMet ? colors.green(`${text} met`) : colors.red(`${text} MISSED`),
  );
  return [
    row.what,
    `${short(row.median)} ${unit}`,
    row.samples > 1 ? short(row.p90) : '',
    row.samples > 1 ? short(row.p99) : '',
    String(row.samples),
    bare === undefined ? '' : `${short(bare.value)} ${unit} (${bare.what})`,
    ratio === undefined ? '' : `${short(ratio)}×`,
    goalTexts.join('\n'),
  ];
}

/** Three figures say enough. */
function short(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}
