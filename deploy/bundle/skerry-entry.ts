/** The command as a release has it: `controller/cli/skerry.mjs` without the search for a Node that strips types. */
import { main } from '#controller/cli/main.ts';

process.exitCode = await main(process.argv.slice(2));
