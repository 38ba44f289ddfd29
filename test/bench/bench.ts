import type { Measurement } from './measurement.ts';

export interface BenchContext {
  /** Fewer samples and shorter watches: a look, no figures to quote. */
  isQuick: boolean;
  /** `many` in a full run, `few` in a quick one. */
  count(many: number, few: number): number;
  /** Progress, for who waits at a terminal. */
  say(text: string): void;
}

/** One file each in `benches/`. */
export interface Bench {
  name: string;
  /** What it measures, in a sentence. */
  title: string;
  run(context: BenchContext): Promise<Measurement[]>;
}
