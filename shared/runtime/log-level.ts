import { SkerryError } from '../errors/index.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** `info` when nothing is said. @throws SkerryError BadRequest */
export function readLogLevel(text: string | undefined): LogLevel {
  const level = logLevels.find((each) => each === (text ?? 'info'));
  if (level !== undefined) return level;
  throw new SkerryError('BadRequest', `${text} is no log level`, { remedy: `give one of ${logLevels.join(', ')}` });
}
