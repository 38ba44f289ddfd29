/** What one bench found: a row of the table. Durations in milliseconds unless `unit` says otherwise. */
export interface Measurement {
  what: string;
  unit: string;
  samples: number;
  median: number;
  p90: number;
  p99: number;
  /** What the machine gives for the same work without Skerry, measured in the same run. */
  bare?: { what: string; value: number };
  /** Median by bare. */
  ratio?: number;
  goals: Goal[];
  note?: string;
}

export interface Goal {
  text: string;
  isMet: boolean;
}

/** What a goal is held against: a statistic of the samples, or the ratio of the median to the bare limit. */
export type GoalOf = 'median' | 'p90' | 'p99' | 'worst' | 'ratio';

export interface GoalRule {
  of: GoalOf;
  atMost?: number;
  atLeast?: number;
}

export interface MeasurementInput {
  what: string;
  unit?: string;
  samples: readonly number[];
  bare?: { what: string; samples: readonly number[] };
  goals?: readonly GoalRule[];
  note?: string;
}

export function measured(input: MeasurementInput): Measurement {
  const { what, unit = 'ms', samples, goals = [], note } = input;
  if (samples.length === 0) throw new Error(`${what}: nothing was measured`);
  const median = quantile(samples, 0.5);
  const bare = input.bare && { what: input.bare.what, value: quantile(input.bare.samples, 0.5) };
  const ratio = bare && median / bare.value;
  const values = {
    median,
    p90: quantile(samples, 0.9),
    p99: quantile(samples, 0.99),
    worst: Math.max(...samples),
    ratio: ratio ?? Number.NaN,
  };
  return {
    what,
    unit,
    samples: samples.length,
    median,
    p90: values.p90,
    p99: values.p99,
    bare,
    ratio,
    goals: goals.map((rule) => judge(rule, values[rule.of], unit)),
    note,
  };
}

function judge({ of, atMost, atLeast }: GoalRule, value: number, unit: string): Goal {
  const suffix = of === 'ratio' ? '×' : ` ${unit}`;
  const name = of === 'worst' ? 'all' : of;
  if (atMost !== undefined) return { text: `${name} ≤ ${atMost}${suffix}`, isMet: value <= atMost };
  if (atLeast !== undefined) return { text: `${name} ≥ ${atLeast}${suffix}`, isMet: value >= atLeast };
  throw new Error('a goal needs a bound');
}

/** Nearest rank; of few samples the upper ones are the worst seen. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}
