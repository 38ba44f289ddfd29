/** A Node process that does nothing: what an empty one weighs. */
import { once } from 'node:events';

await once(process, 'message');
process.send?.({ port: 0 });
