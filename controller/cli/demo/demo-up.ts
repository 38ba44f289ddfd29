import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CliContext } from '../cli-context.ts';
import { CliError, type ExitCode, exitCodes } from '../exit-codes.ts';
import { LiveLines } from '../live-lines.ts';
import { ControlServer } from './control-server.ts';
import { type BroughtUp, bringUp } from './demo-bring-up.ts';
import { DemoFleet } from './demo-fleet.ts';
import { type DemoLayout, demoLayout } from './demo-layout.ts';
import { lockHome } from './demo-lock.ts';
import { choosePorts } from './demo-ports.ts';
import { readDemoRecord } from './demo-record.ts';
import { siteNames } from './demo-service.ts';
import type { ManagedChild } from './managed-child.ts';

export interface DemoUpOptions {
  /** End in order as soon as the service is INSTANTIATED. */
  untilReady: boolean;
  sites: number;
  /** For tests: other programs, other samples. */
  programs?: { controller: string; agent: string };
  samplesFolder?: string;
}

const projectFolder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

/** Runs the demo in the foreground until it is told to end. @returns the exit code */
export async function demoUp(context: CliContext, options: DemoUpOptions): Promise<ExitCode> {
  const layout = demoLayout(context);
  const unlock = lockHome(layout);
  try {
    return await runDemo(context, options, layout);
  } finally {
    unlock();
  }
}

async function runDemo(context: CliContext, options: DemoUpOptions, layout: DemoLayout): Promise<ExitCode> {
  const last = readDemoRecord(layout.recordFile);
  const sites = siteNames(Math.max(options.sites, last?.sites.length ?? 0));
  const ports = await choosePorts(context.environment['SKERRY_PORT'], last?.ports);
  const ending = new AbortController();
  const lines = new LiveLines(context, 'out');
  const watch = { isUp: false };
  const fleet = new DemoFleet({
    layout,
    ports,
    sites,
    projectFolder,
    environment: context.environment,
    clock: context.clock,
    programs: options.programs,
    onChange: (child, isExpected) => {
      if (isExpected || child.state !== 'stopped' || ending.signal.aborted) return;
      const log = layout.logFile(child.name);
      const message = `${child.name} ended by itself (${child.lastEnd})`;
      if (watch.isUp) context.err(`${message}; see ${log}; bring it back with \`skerry demo ${reviveOf(child)}\`\n`);
      else ending.abort(new CliError(exitCodes.failed, `${message}\n${lastLines(log)}`, `all of it: ${log}`));
    },
  });
  const control = new ControlServer({ socketPath: layout.socketPath, fleet, onDown: () => ending.abort('down') });
  context.signal.addEventListener('abort', () => ending.abort('signal'), { once: true });
  try {
    await fleet.prepare();
    await control.start();
    const samplesFolder = options.samplesFolder ?? path.join(projectFolder, 'deploy', 'samples');
    const show = (subject: string, text: string) => lines.set(subject, text);
    const signal = ending.signal;
    const up = await orAbort(signal, bringUp({ context, fleet, layout, sites, samplesFolder, show, signal }));
    lines.finish();
    const seconds = secondsSinceStart(context);
    context.out(`\nINSTANTIATED on ${sites.length} sites in ${seconds} s\n`);
    if (options.untilReady) {
      await fleet.stop();
      context.out(`INSTANTIATED on ${sites.length} sites in ${seconds} s\n`);
      return exitCodes.ok;
    }
    watch.isUp = true;
    context.out(welcome(layout, up, sites));
    await aborted(signal);
    context.out('\nstopping agents, then the controller\n');
    return exitCodes.ok;
  } catch (error) {
    // Ctrl-C while it comes up is an end like any other.
    if (ending.signal.aborted && !(ending.signal.reason instanceof CliError) && !options.untilReady)
      return exitCodes.ok;
    throw ending.signal.reason instanceof CliError ? ending.signal.reason : error;
  } finally {
    ending.abort('end');
    await fleet.stop();
    await control.stop();
  }
}

function reviveOf(child: ManagedChild): string {
  return child.name === 'controller' ? 'revive-controller' : `revive ${child.name}`;
}

/** The end of a log, for who has no second look (CI). */
function lastLines(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-12).join('\n');
  } catch {
    return '';
  }
}

/** Since the first process of the command began: the launcher says when, if it handed over to another Node. */
function secondsSinceStart(context: CliContext): string {
  const launchedAt = Number(context.environment['SKERRY_LAUNCHED_AT']);
  const elapsedMs = Number.isFinite(launchedAt) && launchedAt > 0 ? Date.now() - launchedAt : performance.now();
  return (elapsedMs / 1000).toFixed(2);
}

function welcome(layout: DemoLayout, up: BroughtUp, sites: readonly string[]): string {
  const site = sites[1] ?? sites[0];
  return `
  northbound  ${up.northbound}  (API description: ${up.northbound}/openapi.json)
  login       ${up.username} / ${up.password}  (kept in ${layout.passwordFile})
  state       ${layout.home}  (logs in ${path.join(layout.home, 'logs')})

Try in a second terminal:
  npx skerry ns show edge-service
  npx skerry demo cut ${site}              # the link goes; the site goes on
  npx skerry ns scale edge-service --vnf cache --aspect content --out --wait
  npx skerry demo restore ${site}
  npx skerry demo kill ${site}             # kill -9 its agent; \`revive\` brings it back
  npx skerry demo status
Ctrl-C stops everything in order; \`npm start\` goes on where it was.
`;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** The result of `work`, or the signal's reason as soon as it aborts. */
function orAbort<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return Promise.race([
    work,
    aborted(signal).then(() => {
      throw signal.reason instanceof Error ? signal.reason : new CliError(exitCodes.failed, 'ended before it was up');
    }),
  ]);
}
