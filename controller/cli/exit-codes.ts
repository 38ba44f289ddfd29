/** What the shell learns. Documented in `skerry --help`; scripts rely on the numbers. */
export const exitCodes = {
  ok: 0,
  /** The operation or check was carried out and failed. */
  failed: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  forbidden: 5,
  unreachable: 6,
  timeout: 7,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The only error that commands throw: one sentence, what to do about it, and the exit code. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  readonly remedy: string | undefined;

  constructor(exitCode: ExitCode, message: string, remedy?: string) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.remedy = remedy;
  }
}

/** Exit code for an HTTP answer that is not a success. */
export function exitCodeOfStatus(status: number): ExitCode {
  if (status === 401 || status === 403) return exitCodes.forbidden;
  if (status === 404) return exitCodes.notFound;
  if (status === 409 || status === 412) return exitCodes.conflict;
  if (status === 408 || status === 504) return exitCodes.timeout;
  if (status === 429 || status === 503) return exitCodes.unreachable;
  return exitCodes.failed;
}
