/** The command as a release has it: `skerry.mjs` without the search for a Node that strips types. */
import { main } from './main.ts';

process.exitCode = await main(process.argv.slice(2));
