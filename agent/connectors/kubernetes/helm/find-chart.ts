import { mkdtemp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { HelmReleaseSpec } from '#shared/connector/index.ts';
import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import { runProgram } from './run-program.ts';

export interface ChartFinder {
  /** Path of a file that travelled with the intent. @throws SkerryError PlatformUnavailable */
  artefact(digest: string, signal: AbortSignal): Promise<string>;
  helm: string;
  environment: Record<string, string | undefined>;
  /** For charts that are pulled here; made when absent. */
  folder: string;
}

const pullTimeoutMs = 90_000;

/**
 * Hands the chart's archive to `use`: by digest from what travelled with the intent; without one the agent pulls it itself, from
 * a repository or a registry that it can reach.
 */
export async function findChart<T>(
  finder: ChartFinder,
  spec: HelmReleaseSpec,
  signal: AbortSignal,
  use: (file: string) => Promise<T>,
): Promise<T> {
  if (spec.chartDigest !== undefined) return use(await finder.artefact(spec.chartDigest, signal));
  const folder = await mkdtemp(path.join(finder.folder, 'pull-'));
  try {
    return await use(await pull(finder, spec, { folder, signal }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function pull(
  { helm, environment }: ChartFinder,
  spec: HelmReleaseSpec,
  { folder, signal }: { folder: string; signal: AbortSignal },
): Promise<string> {
  const { name, version } = splitVersion(spec.chart, spec.version);
  const isWhole = /^(oci|https?):\/\//.test(name);
  if (name.startsWith('-') || (!isWhole && spec.repository === undefined))
    throw new SkerryError(
      'PlatformRefused',
      `Chart ${spec.chart} did not come with the intent, and names no repository`,
      {
        remedy: 'Register its repository (`skerry repo add`) or put the chart into the VNF package.',
      },
    );
  const source = isWhole
    ? [name]
    : spec.repository?.startsWith('oci://')
      ? [`${spec.repository.replace(/\/$/, '')}/${lastPart(name)}`]
      : [lastPart(name), '--repo', spec.repository!];
  const args = ['pull', ...source, '--destination', folder, ...(version === undefined ? [] : ['--version', version])];
  try {
    await runProgram({
      program: helm,
      args,
      environment,
      timeoutMs: pullTimeoutMs,
      maxOutputBytes: 2 ** 20,
      signal,
    });
  } catch (error) {
    // A repository that cannot be reached may be reached later; what it says of the chart is final.
    const isAway =
      isSkerryError(error) && /connect|timeout|no such host|refused|EOF|temporar|unreachable/i.test(error.message);
    throw isAway ? new SkerryError('PlatformUnavailable', error.message, { cause: error }) : error;
  }
  const file = (await readdir(folder)).find((entry) => entry.endsWith('.tgz'));
  if (file === undefined) throw new SkerryError('PlatformRefused', `${spec.chart} is no chart`);
  return path.join(folder, file);
}

/** `repo/chart:1.2.3` → name and version; a port or a scheme is no version. */
function splitVersion(chart: string, given: string | undefined): { name: string; version: string | undefined } {
  const found = /^(.*[^/:]):([^/:]+)$/.exec(chart);
  if (found === null || chart.endsWith('.tgz')) return { name: chart, version: given };
  return { name: found[1]!, version: given ?? found[2] };
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
