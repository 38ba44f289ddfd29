import path from 'node:path';
import type { LocalStatus } from '#agent/local/local-status.ts';
import type { CliContext } from '../cli-context.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { HttpClient } from '../http-client.ts';
import { formatAge, type OutputFormat, printFacts, printRows } from '../output.ts';

interface LocalOptions {
  socket?: string;
  output: OutputFormat;
}

/** A client of the agent on this node: its socket may be named, or lies in the agent's home. */
export function localClient(context: CliContext, socket?: string): HttpClient {
  const { SKERRY_AGENT_SOCKET: fromEnvironment, SKERRY_HOME: home } = context.environment;
  const place = socket ?? fromEnvironment ?? path.join(home ?? '/var/lib/skerry', 'agent.sock');
  return new HttpClient({ url: 'http://agent', socketPath: path.resolve(context.folder, place), timeoutMs: 10_000 });
}

async function ask<T>(context: CliContext, options: { socket?: string }, method: string, route: string): Promise<T> {
  const client = localClient(context, options.socket);
  try {
    return (await client.call<T>(method, route)).body;
  } finally {
    client.close();
  }
}

export async function showLocalStatus(context: CliContext, options: LocalOptions): Promise<void> {
  const status = await ask<LocalStatus>(context, options, 'GET', '/v1/status');
  const { link, intent, units } = status;
  await printFacts(context, options.output, status, [
    ['agent', status.agentId],
    ['site', status.siteId],
    ['version', status.version],
    ['link', `${link.state} for ${formatAge(context.clock.now() - link.since)} (${link.controller}) ${link.message}`],
    ['intent', `generation ${intent.generation}, ${intent.objects} objects, ${intent.tombstones} tombstones`],
    ['units', `${units.ready} ready, ${units.pending} pending, ${units.failed} failed`],
    ['outbox', status.outbox.map((one) => `${one.stream}: ${one.pending} not acknowledged`)],
    ['deletions held', status.deletionsHeld],
    ['store', [`opened ${status.store.opened}`, ...status.store.damage]],
    ['infras', status.infras.map((one) => `${one.name} (${one.kind}) ${one.healthy ? 'healthy' : one.message}`)],
  ]);
}

export async function showLocalList(
  context: CliContext,
  name: 'units' | 'journal' | 'outbox',
  options: LocalOptions,
): Promise<void> {
  const answer = await ask<unknown>(context, options, 'GET', `/v1/${name}`);
  const rows = rowsOf(answer);
  if (rows === undefined) throw new CliError(exitCodes.failed, `the agent answered no list of ${name}`);
  // What an agent shows grows with its version, so the columns are those that its rows have.
  const titles = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((title) => isShort(rows, title));
  await printRows(
    context,
    options.output,
    rows,
    titles.map((title) => ({ title, value: (row) => cell(row[title]) })),
  );
}

export async function holdDeletions(context: CliContext, options: LocalOptions): Promise<void> {
  await ask(context, options, 'POST', '/v1/deletions/hold');
  context.err('deletions are held until `skerry agent release`\n');
}

export async function releaseDeletions(context: CliContext, options: LocalOptions): Promise<void> {
  await ask(context, options, 'POST', '/v1/deletions/release');
  context.err('held deletions go ahead\n');
}

type Row = Record<string, unknown>;

function rowsOf(answer: unknown): Row[] | undefined {
  if (Array.isArray(answer)) return answer as Row[];
  if (typeof answer !== 'object' || answer === null) return undefined;
  return Object.values(answer).find((value): value is Row[] => Array.isArray(value));
}

function isShort(rows: readonly Row[], title: string): boolean {
  return rows.every((row) => String(cell(row[title]) ?? '').length <= 80);
}

function cell(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
