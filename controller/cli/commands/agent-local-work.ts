import path from 'node:path';
import { createLocalClient, type LocalClient, type LocalUnit } from '#agent/local/local-client.ts';
import type { CliContext } from '../cli-context.ts';
import { formatAge, type OutputFormat, printFacts, printRows } from '../output.ts';

interface LocalOptions {
  socket?: string;
  output: OutputFormat;
}

/** A client of the agent on this node: its socket may be named, or lies in the agent's home. */
export function localClient(context: CliContext, socket?: string): LocalClient {
  const { SKERRY_AGENT_SOCKET: fromEnvironment, SKERRY_HOME: home } = context.environment;
  const place = socket ?? fromEnvironment ?? path.join(home ?? '/var/lib/skerry', 'agent.sock');
  return createLocalClient(path.resolve(context.folder, place));
}

export async function showLocalStatus(context: CliContext, options: LocalOptions): Promise<void> {
  const status = await localClient(context, options.socket).status();
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

export async function showLocalUnits(context: CliContext, options: LocalOptions): Promise<void> {
  const units = await localClient(context, options.socket).units();
  await printRows(context, options.output, units, [
    { title: 'unit', value: (unit) => unit.key },
    { title: 'kind', value: (unit) => unit.kind },
    { title: 'ready', value: (unit) => (unit.isReady ? 'yes' : 'no') },
    { title: 'phase', value: (unit) => unit.phase },
    { title: 'attempts', value: (unit) => unit.attempts },
    { title: 'platform', value: (unit) => unit.observed?.platformId },
    { title: 'address', value: (unit) => addressesOf(unit) },
    { title: 'message', value: (unit) => unit.message, isProse: true },
  ]);
}

export async function showLocalJournal(context: CliContext, options: LocalOptions): Promise<void> {
  const entries = await localClient(context, options.socket).journal();
  await printRows(context, options.output, entries, [
    { title: 'unit', value: (entry) => entry.key },
    { title: 'kind', value: (entry) => entry.kind },
    { title: 'incarnation', value: (entry) => entry.current?.incarnation },
    { title: 'step', value: (entry) => entry.current?.step },
    { title: 'status', value: (entry) => entry.current?.status },
    { title: 'logged', value: (entry) => loggedAgo(context, entry.current?.loggedAt) },
    { title: 'condemned', value: (entry) => entry.condemned?.length || undefined },
  ]);
}

export async function showLocalOutbox(context: CliContext, options: LocalOptions): Promise<void> {
  const streams = await localClient(context, options.socket).outbox();
  await printRows(context, options.output, streams, [
    { title: 'stream', value: (one) => one.stream },
    { title: 'not acknowledged', value: (one) => one.pending },
    { title: 'acknowledged to', value: (one) => one.acked },
    { title: 'last', value: (one) => one.lastSeq },
  ]);
}

export async function holdDeletions(context: CliContext, options: LocalOptions): Promise<void> {
  const held = await localClient(context, options.socket).hold();
  context.err(`deletions are held until \`skerry agent release\`; ${held.length} wait now\n`);
}

export async function releaseDeletions(context: CliContext, options: LocalOptions): Promise<void> {
  const released = await localClient(context, options.socket).release();
  context.err(`${released.length} held deletions go ahead\n`);
}

function addressesOf(unit: LocalUnit): string | undefined {
  const addresses = unit.observed?.facts?.['addresses'];
  if (typeof addresses !== 'object' || addresses === null) return undefined;
  return Object.values(addresses).flat().slice(0, 3).join(', ');
}

function loggedAgo(context: CliContext, at: number | undefined): string | undefined {
  return at === undefined ? undefined : `${formatAge(context.clock.now() - at)} ago`;
}
