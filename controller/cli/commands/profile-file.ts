import type { ApplicationRequest } from '#shared/model/clusters.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { CliContext } from '../cli-context.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { readObjects, readStructuredFile } from '../structured-file.ts';

/** A profile as a file says it. What the file does not have is not wanted, but for clusters: those are only added. */
export interface ProfileFile {
  name: string;
  description: string;
  labels: Record<string, string>;
  applications: Map<string, ApplicationRequest>;
  clusters: string[];
}

const members = ['name', 'description', 'labels', 'applications', 'clusters'];
const applicationMembers = [
  'name',
  'chart',
  'repository',
  'version',
  'values',
  'valuesFile',
  'manifests',
  'manifestsFile',
  'namespace',
  'releaseName',
  'timeoutS',
  'order',
];

export async function readProfileFile(context: CliContext, file: string): Promise<ProfileFile> {
  const input = await readStructuredFile(context, file);
  refuseStrangers(input, members, file);
  const { name, description = '', labels = {}, applications = [], clusters = [] } = input;
  if (typeof name !== 'string' || name === '') throw wrong(file, 'it has no name');
  if (!Array.isArray(applications)) throw wrong(file, 'applications is no list');
  if (!Array.isArray(clusters) || clusters.some((cluster) => typeof cluster !== 'string'))
    throw wrong(file, 'clusters is no list of names');
  const found = new Map<string, ApplicationRequest>();
  for (const item of applications) {
    const application = await readApplication(context, file, item);
    if (found.has(application.name)) throw wrong(file, `there are two applications ${application.name}`);
    found.set(application.name, application.request);
  }
  return {
    name,
    description: String(description),
    labels: Object.fromEntries(Object.entries(labels as object).map(([key, value]) => [key, String(value)])),
    applications: found,
    clusters: clusters as string[],
  };
}

async function readApplication(
  context: CliContext,
  file: string,
  item: unknown,
): Promise<{ name: string; request: ApplicationRequest }> {
  if (typeof item !== 'object' || item === null) throw wrong(file, 'an application has no members');
  const { name, valuesFile, manifestsFile, ...rest } = item as Record<string, unknown>;
  if (typeof name !== 'string') throw wrong(file, 'an application has no name');
  refuseStrangers(item, applicationMembers, `${file}: ${name}`);
  const request = rest as ApplicationRequest;
  // YAML reads 1.10 as a number, and as 1.1.
  if (request.version !== undefined && typeof request.version !== 'string')
    throw wrong(`${file}: ${name}`, 'version is a number; put it into quotes');
  if (typeof valuesFile === 'string') {
    const fromFile = (await readStructuredFile(context, besides(file, valuesFile))) as JsonObject;
    request.values = { ...fromFile, ...request.values };
  }
  if (typeof manifestsFile === 'string') {
    const fromFile = await readObjects(context, besides(file, manifestsFile));
    request.manifests = [...(request.manifests ?? []), ...fromFile];
  }
  return { name, request };
}

/** Paths in a file are from where the file is. */
function besides(file: string, path: string): string {
  const folder = file.includes('/') ? file.slice(0, file.lastIndexOf('/') + 1) : '';
  return path.startsWith('/') ? path : `${folder}${path}`;
}

function refuseStrangers(input: object, known: readonly string[], where: string): void {
  const strange = Object.keys(input).filter((member) => !known.includes(member));
  if (strange.length > 0) throw wrong(where, `${strange.join(', ')} is not known; there are ${known.join(', ')}`);
}

function wrong(where: string, message: string): CliError {
  return new CliError(exitCodes.usage, `${where}: ${message}`);
}
