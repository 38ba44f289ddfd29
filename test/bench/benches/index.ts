import type { Bench } from '../bench.ts';
import { instantiate } from './instantiate.ts';
import { login } from './login.ts';
import { onboard } from './onboard.ts';
import { readNs } from './read-ns.ts';

/** In the order in which they run. */
export const benches: readonly Bench[] = [instantiate, onboard, readNs, login];
