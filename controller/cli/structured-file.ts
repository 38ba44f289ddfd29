import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { CliContext } from './cli-context.ts';
import { CliError, exitCodes } from './exit-codes.ts';

/** An object from a YAML or JSON file; `-` is standard input. */
export async function readStructuredFile(context: CliContext, file: string): Promise<Record<string, unknown>> {
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    const text = file === '-' ? await context.readInput() : await readFile(path.resolve(context.folder, file), 'utf8');
    value = parse(text, { maxAliasCount: 100 });
  } catch (error) {
    throw new CliError(exitCodes.usage, `${file} cannot be read: ${(error as Error).message.split('\n')[0]}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new CliError(exitCodes.usage, `${file} holds no names and values`, 'write it as `name: value` lines');
  return value as Record<string, unknown>;
}
