import type { Bench } from '../bench.ts';
import { catchUp } from './catch-up.ts';
import { change } from './change.ts';
import { idleBytes } from './idle-bytes.ts';
import { instantiate } from './instantiate.ts';
import { login } from './login.ts';
import { memory } from './memory.ts';
import { offline } from './offline.ts';
import { onboard } from './onboard.ts';
import { readNs } from './read-ns.ts';
import { start } from './start.ts';

/** In the order in which they run. */
export const benches: readonly Bench[] = [
  start,
  instantiate,
  onboard,
  readNs,
  login,
  offline,
  change,
  catchUp,
  memory,
  idleBytes,
];
