import { isSkerryError } from '../errors/index.ts';

/** Last word of a process: one sentence and its remedy for what is known, the stack for what is not. */
export function exitWithError(program: string, error: unknown): never {
  const remedy = isSkerryError(error) && error.remedy !== undefined ? `; ${error.remedy}` : '';
  const text =
    error instanceof Error ? (isSkerryError(error) ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`skerry ${program}: ${text}${remedy}\n`);
  process.exit(1);
}
