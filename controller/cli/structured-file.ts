import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { JsonObject } from '#shared/model/json.ts';
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

/** Kubernetes objects from a YAML file with one or more documents, or a List; `-` is standard input. */
export async function readObjects(context: CliContext, file: string): Promise<JsonObject[]> {
  const { parseAllDocuments } = await import('yaml');
  const text = await readText(context, file);
  const objects: JsonObject[] = [];
  for (const document of parseAllDocuments(text)) {
    const [error] = document.errors;
    if (error !== undefined) throw new CliError(exitCodes.usage, `${file}: ${error.message.split('\n')[0]}`);
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (value === null) continue;
    if (typeof value !== 'object' || Array.isArray(value))
      throw new CliError(exitCodes.usage, `${file} holds something that is no Kubernetes object`);
    const { kind, items } = value as JsonObject;
    if (kind === 'List' && Array.isArray(items)) objects.push(...(items as JsonObject[]));
    else objects.push(value as JsonObject);
  }
  return objects;
}

async function readText(context: CliContext, file: string): Promise<string> {
  try {
    return file === '-' ? await context.readInput() : await readFile(path.resolve(context.folder, file), 'utf8');
  } catch (error) {
    throw new CliError(exitCodes.usage, `${file} cannot be read: ${(error as Error).message.split('\n')[0]}`);
  }
}
