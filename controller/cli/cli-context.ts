import { readFile } from 'node:fs/promises';
import type { Clock } from '#shared/runtime/index.ts';
import { systemClock } from '#shared/runtime/index.ts';

/** Everything that a command may touch of the world around it; tests give their own. */
export interface CliContext {
  environment: Record<string, string | undefined>;
  /** Working folder, absolute. */
  folder: string;
  homeFolder: string;
  clock: Clock;
  /** Result of the command, for the next program. */
  out(text: string): void;
  /** Progress and complaints, for people. */
  err(text: string): void;
  isOutTerminal: boolean;
  isErrTerminal: boolean;
  isInTerminal: boolean;
  hasColours: boolean;
  columns: number;
  /** All of standard input. */
  readInput(): Promise<string>;
  /** Aborts on SIGINT and SIGTERM: commands that wait end in order. */
  signal: AbortSignal;
}

export async function systemContext(): Promise<CliContext> {
  const { homedir } = await import('node:os');
  const environment = process.env;
  let termination: AbortSignal | undefined;
  for (const output of [process.stdout, process.stderr]) output.on('error', endWithReader);
  return {
    environment,
    folder: process.cwd(),
    homeFolder: environment['HOME'] ?? homedir(),
    clock: systemClock,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isOutTerminal: process.stdout.isTTY === true,
    isErrTerminal: process.stderr.isTTY === true,
    isInTerminal: process.stdin.isTTY === true,
    hasColours: process.stdout.isTTY === true && !environment['NO_COLOR'],
    columns: process.stdout.columns ?? 100,
    readInput: () => readFile('/dev/stdin', 'utf8'),
    // Only who waits takes the signals over; any other command ends by them at once.
    get signal() {
      termination ??= signalOnTermination();
      return termination;
    },
  };
}

/** The reader of a pipe (`| head`) has seen enough: who waits ends in order, any other command is about to end. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.emit('SIGTERM');
}

function signalOnTermination(): AbortSignal {
  const controller = new AbortController();
  // A second Ctrl-C ends at once, as people expect: the listener is gone by then.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => controller.abort(name));
  return controller.signal;
}
