import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CliContext } from './cli-context.ts';
import type { ExitCode } from './exit-codes.ts';
import type { OutputFormat } from './output.ts';

/** What every group of commands gets. */
export interface CommandHost {
  context: CliContext;
  /** Exit code of a command that did its work and has bad news. */
  exit(code: ExitCode): void;
}

/** Adds a group (`skerry site …`) to the program. */
export type AddCommands = (program: Command, host: CommandHost) => void;

export interface OutputOptions {
  output: OutputFormat;
}

export function outputOption(): Option {
  return new Option('-o, --output <format>', 'table for people, json or yaml for machines')
    .choices(['table', 'json', 'yaml'])
    .default('table');
}

/** Collects `--label key=value` and the like. */
export function collectPair(text: string, previous: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('give it as name=value');
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) };
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0) throw new InvalidArgumentError('give a whole number');
  return count;
}

/** `30s`, `5m`, `2h`, or plain seconds → milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  if (match === null) throw new InvalidArgumentError('give it as 30s, 5m or 2h');
  const factor = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] ?? 's'] ?? 1000;
  return Number(match[1]) * factor;
}

/** `key=5` → 5, `key=true` → true, `key={"a":1}` → an object; everything else is text. */
export function readScalars(pairs: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(pairs).map(([key, text]) => {
      if (!/^(-?\d+(\.\d+)?|true|false|null|[[{].*)$/s.test(text)) return [key, text];
      try {
        return [key, JSON.parse(text)];
      } catch {
        return [key, text];
      }
    }),
  );
}

/** Options of what starts an operation. */
export function waiting(command: Command): Command {
  return command
    .option('--wait', 'stay until the operation ends, showing progress', false)
    .option('--timeout <time>', 'with --wait: give up waiting after this (exit code 7)', parseDuration)
    .addOption(outputOption());
}
