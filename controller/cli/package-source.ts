import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { SkerryApi } from './api.ts';
import type { OnboardedView } from './api-types.ts';
import { CliError, exitCodes } from './exit-codes.ts';
import { ProblemError } from './http-client.ts';

export interface PackageSource {
  /** As the user named it. */
  path: string;
  /** Folder or file name. */
  name: string;
  contentType: string;
  fileName: string;
  open(): Promise<Readable>;
}

export type OnboardOutcome =
  | { source: PackageSource; onboarded: OnboardedView }
  | { source: PackageSource; refusal: ProblemError };

/** How to send a folder, archive or bare descriptor; a folder becomes OSM's tar.gz on the way. */
export async function openPackageSource(place: string, folder = process.cwd()): Promise<PackageSource> {
  const resolved = path.resolve(folder, place);
  const facts = await stat(resolved).catch(() => {
    throw new CliError(exitCodes.notFound, `${place} does not exist`);
  });
  const name = path.basename(resolved);
  const isFolder = facts.isDirectory();
  return {
    path: place,
    name,
    contentType: isFolder ? 'application/gzip' : contentTypeOf(name),
    fileName: isFolder ? `${name}.tar.gz` : name,
    open: async () => (isFolder ? packFolder(resolved) : createReadStream(resolved)),
  };
}

/**
 * Onboards packages together, whatever their order: NSDs refer to VNF packages, so what is refused for a conflict is tried
 * again for as long as others get through.
 */
export async function onboardAll(
  api: SkerryApi,
  sources: readonly PackageSource[],
  onOutcome: (outcome: OnboardOutcome) => void = () => {},
): Promise<OnboardOutcome[]> {
  const done: OnboardOutcome[] = [];
  const settle = (outcome: OnboardOutcome) => {
    done.push(outcome);
    onOutcome(outcome);
  };
  let waiting = [...sources];
  while (waiting.length > 0) {
    const outcomes = await Promise.all(waiting.map((source) => tryOnboard(api, source)));
    const conflicts = outcomes.filter((one) => 'refusal' in one && one.refusal.problem.status === 409);
    for (const outcome of outcomes) if (!conflicts.includes(outcome)) settle(outcome);
    if (!outcomes.some((one) => 'onboarded' in one)) {
      for (const outcome of conflicts) settle(outcome);
      break;
    }
    waiting = conflicts.map((one) => one.source);
  }
  return done;
}

async function tryOnboard(api: SkerryApi, source: PackageSource): Promise<OnboardOutcome> {
  const { contentType, fileName } = source;
  try {
    return { source, onboarded: await api.onboard({ source: await source.open(), contentType, fileName }) };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { source, refusal: error };
  }
}

async function packFolder(folder: string): Promise<Readable> {
  const { create } = await import('tar');
  // The same folder gives the same bytes, so that onboarding it again changes nothing: no owner, no times.
  const options = { gzip: true, portable: true, mtime: new Date(0), cwd: path.dirname(folder) };
  return create(options, [path.basename(folder)]) as unknown as Readable;
}

function contentTypeOf(name: string): string {
  if (/\.(zip|csar)$/.test(name)) return 'application/zip';
  if (/\.json$/.test(name)) return 'application/json';
  if (/\.ya?ml$/.test(name)) return 'application/yaml';
  if (/\.tar$/.test(name)) return 'application/x-tar';
  return 'application/gzip';
}
