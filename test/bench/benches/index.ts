import type { Bench } from '../bench.ts';
import { instantiate } from './instantiate.ts';

/** In the order in which they run. */
export const benches: readonly Bench[] = [instantiate];
