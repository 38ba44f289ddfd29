import { CommanderError } from 'commander';
import { errorCatalogue, isSkerryError } from '#shared/errors/index.ts';
import { type CliContext, systemContext } from './cli-context.ts';
import { CliError, exitCodeOfStatus, exitCodes } from './exit-codes.ts';
import { buildProgram } from './program.ts';

/** Runs one command line. @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  return runCli(args, await systemContext());
}

/** As `main`, in a world that the caller gives. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  let code: number = exitCodes.ok;
  const program = buildProgram({
    context,
    exit: (wanted) => {
      code = wanted;
    },
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return explain(error, context);
  }
}

function explain(error: unknown, context: CliContext): number {
  // Commander has printed its own complaint already; help and version are no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof CliError) {
    context.err(`skerry: ${sentenceWithRemedy(error)}\n`);
    return error.exitCode;
  }
  // The agent's local client throws the catalogue's errors.
  if (isSkerryError(error)) {
    context.err(`skerry: ${sentenceWithRemedy(error)}\n`);
    return exitCodeOfStatus(errorCatalogue[error.code].status);
  }
  if (context.signal.aborted) return exitCodes.failed;
  const text = error instanceof Error ? error.message : String(error);
  context.err(`skerry: ${text}\n`);
  if (context.environment['SKERRY_DEBUG'] && error instanceof Error) context.err(`${error.stack}\n`);
  return exitCodes.failed;
}

/** One sentence and what to do about it, on one line. */
function sentenceWithRemedy({ message, remedy }: { message: string; remedy?: string }): string {
  return remedy === undefined ? message : `${message.replace(/\.$/, '')}; ${remedy}`;
}
