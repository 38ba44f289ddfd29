import { pino } from 'pino';
import type { Logger } from './logger.ts';

export interface PinoLoggerOptions {
  name: string;
  level?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `json`: one document a line, for machines. `readable`: one line for people. */
  format?: 'json' | 'readable';
  /** Where lines go; standard error by default. */
  write?: (line: string) => void;
}

/** Fields that must never be printed, should one slip in. */
const secretFields = ['password', 'secret', 'token', 'bearer', 'authorization', 'passwordHash', 'keyPem'];

/** Structured log on standard error; standard output belongs to the command line's results. */
export function createPinoLogger(options: PinoLoggerOptions): Logger {
  const write = options.write ?? stderrWriter();
  const destination = options.format === 'readable' ? { write: (line: string) => write(readable(line)) } : { write };
  return pino(
    {
      name: options.name,
      level: options.level ?? 'info',
      base: { name: options.name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: '[removed]' },
      serializers: { error: pino.stdSerializers.err, cause: pino.stdSerializers.err },
    },
    destination,
  );
}

function stderrWriter(): (line: string) => void {
  const stderr = pino.destination({ dest: 2, sync: true });
  return (line) => {
    stderr.write(line);
  };
}

/** `12:00:01.123 WARN  skerry sentence  key=value …`; the stack of an error on lines of its own. */
function readable(line: string): string {
  const { time, level, name, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const words = [String(time).slice(11, 23), String(level).toUpperCase().padEnd(5), String(name), String(msg)];
  let stack = '';
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const error = value as { stack?: unknown; message?: unknown } | null;
    if (error !== null && typeof error === 'object' && typeof error.stack === 'string') {
      stack += `\n  ${error.stack.replaceAll('\n', '\n  ')}`;
      words.push(`${key}=${JSON.stringify(error.message)}`);
    } else words.push(`${key}=${typeof value === 'string' && !/\s/.test(value) ? value : JSON.stringify(value)}`);
  }
  return `${words.join(' ')}${stack}\n`;
}
