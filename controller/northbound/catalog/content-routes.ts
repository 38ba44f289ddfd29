import { posix } from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { SkerryError } from '#shared/errors/index.ts';
import type { NsdInfo, VnfPackage } from '#shared/model/catalog.ts';
import type { NsdInfoId, VnfPackageId } from '#shared/model/ids.ts';
import { type Clock, delay, type Logger } from '#shared/runtime/index.ts';
import type { Catalog, CatalogKind, Upload, UploadedFile } from '../../catalog/catalog.ts';
import { isVisible } from '../../context.ts';
import type { NorthboundApp, NorthboundDependencies } from '../plugin.ts';
import { Accepted, contextOf } from '../request.ts';
import { type ApiVersion, requireMatch } from '../sol013/index.ts';
import { contentTypes, receiveUpload, statedBytes, withUploads } from './receive-upload.ts';
import { additionalArtifacts } from './record-attributes.ts';
import { sendArchive } from './send-archive.ts';
import { mediaTypeOf, sendFile } from './send-file.ts';

/** What differs between VNF packages and NSDs. */
export interface ContentApi {
  api: ApiVersion;
  kind: CatalogKind;
  /** `vnf_packages`, `ns_descriptors`. */
  collection: string;
  /** `package_content`, `nsd_content`. */
  content: string;
  /** `vnfd`, `nsd`. */
  descriptor: string;
  permissions: 'packages' | 'nsds';
}

export type CatalogView = (VnfPackage | NsdInfo) & { etag: string };
type IdRequest = { Params: { id: string; '*': string } };

/** Work that takes longer is answered 202 and goes on; shorter work answers with its result, so that errors are seen at once. */
const answerAfterMs = 10_000;
const fileTypes = [
  'text/plain',
  'application/json',
  'application/yaml',
  'application/zip',
  'application/gzip',
  'application/octet-stream',
  'image/png',
];

/** One resource of the caller's project. @throws NotFound, also for what belongs to another project */
export async function ownView(catalog: Catalog, kind: CatalogKind, request: FastifyRequest): Promise<CatalogView> {
  const { id } = request.params as { id: string };
  const view = kind === 'nsd' ? await catalog.nsd(id as NsdInfoId) : await catalog.vnfPackage(id as VnfPackageId);
  if (!isVisible(request.principal, view)) throw new SkerryError('NotFound', `There is no resource ${id}`);
  return view;
}

/** Content, descriptor, manifest and artefacts of one kind (ETSI GS NFV-SOL 005 clauses 5.4.4 and 9.4.4 to 9.4.7). */
export async function registerContent(
  app: NorthboundApp,
  dependencies: NorthboundDependencies,
  content: ContentApi,
): Promise<void> {
  const { catalog } = dependencies;
  const { api, kind, permissions } = content;
  const root = `${api.prefix}/${content.collection}/:id`;
  const read = { api, permission: `${permissions}:read`, produces: fileTypes } as const;
  const schema = { tags: [api.name] };

  await withUploads(app, (scope) => {
    scope.put(
      `${root}/${content.content}`,
      {
        config: { api, permission: `${permissions}:write` },
        schema: { ...schema, consumes: contentTypes, response: { 202: Accepted } },
      },
      (request, reply) => putContent(request, reply, { dependencies, kind }),
    );
  });
  app.get<IdRequest>(`${root}/${content.content}`, { config: read, schema }, async (request, reply) => {
    const view = await ownView(catalog, kind, request);
    return sendFile(request, reply, {
      path: catalog.content(view),
      contentType: view.contentType ?? 'application/octet-stream',
      revision: view.contentDigest ?? '',
      fileName: view.fileName,
    });
  });
  registerParts(app, { catalog, content, root });
  if (kind === 'vnf-package') registerAllArtifacts(app, { catalog, api, root });
}

interface Parts {
  catalog: Catalog;
  content: ContentApi;
  root: string;
}

/** Descriptor, manifest and single artefacts: as text, or with `include_signatures` or `Accept: application/zip` as an archive. */
function registerParts(app: NorthboundApp, { catalog, content, root }: Parts): void {
  const { api, kind, permissions } = content;
  const permission = `${permissions}:read` as const;
  const options = {
    config: { api, permission, produces: fileTypes, query: ['include_signatures'] },
    schema: {
      tags: [api.name],
      querystring: Type.Object({ include_signatures: Type.Optional(Type.String({ description: 'Flag' })) }),
    },
  };
  app.get<IdRequest>(`${root}/${content.descriptor}`, options, async (request, reply) =>
    sendPart(request, reply, { catalog, kind, pathOf: (view) => view.descriptorPath, mayBeArchive: true }),
  );
  app.get<IdRequest>(`${root}/manifest`, options, async (request, reply) =>
    sendPart(request, reply, {
      ...{ catalog, kind, contentType: 'text/plain', mayBeArchive: true },
      pathOf: (view) => view.manifestPath,
    }),
  );
  app.get<IdRequest>(`${root}/artifacts/*`, options, async (request, reply) =>
    sendPart(request, reply, { catalog, kind, pathOf: () => request.params['*'], mayBeArchive: false }),
  );
}

/** All artefacts of a VNF package in one ZIP (ETSI GS NFV-SOL 005 clause 9.4.4a). No artefact of Skerry's is external. */
function registerAllArtifacts(
  app: NorthboundApp,
  { catalog, api, root }: { catalog: Catalog; api: ApiVersion; root: string },
): void {
  const flags = ['include_signatures', 'include_external_artifacts'];
  const flag = Type.Optional(Type.String({ description: 'Flag' }));
  app.get<IdRequest>(
    `${root}/artifacts`,
    {
      config: { api, permission: 'packages:read', produces: ['application/zip'], query: flags },
      schema: { tags: [api.name], querystring: Type.Object(Object.fromEntries(flags.map((name) => [name, flag]))) },
    },
    async (request, reply) => {
      const view = (await ownView(catalog, 'vnf-package', request)) as VnfPackage & { etag: string };
      catalog.content(view);
      const withSignatures = isFlagSet(request, 'include_signatures');
      const named = additionalArtifacts(view).filter(({ path }) => withSignatures || !signatureOf.test(path));
      const files = named.map(({ path }) => ({ name: path, path: catalog.artifact(view, path) }));
      return sendArchive(reply, `${view.vnfdId}-artifacts.zip`, files);
    },
  );
}

const signatureOf = /\.(cms|p7s|p7b|cert|crt|pem)$/i;

function isFlagSet(request: FastifyRequest, name: string): boolean {
  const value = (request.query as Record<string, string | undefined>)[name];
  return value !== undefined && value !== 'false';
}

/** True when an archive is asked for and nothing simpler would do. */
function prefersArchive(request: FastifyRequest): boolean {
  const { accept = '*/*' } = request.headers;
  return accept.includes('application/zip') && !/text\/|\*\/\*/.test(accept);
}

async function sendPart(
  request: FastifyRequest,
  reply: FastifyReply,
  part: {
    catalog: Catalog;
    kind: CatalogKind;
    pathOf: (view: CatalogView) => string | undefined;
    contentType?: string;
    mayBeArchive: boolean;
  },
): Promise<FastifyReply> {
  const { catalog } = part;
  const view = await ownView(catalog, part.kind, request);
  // Answers 409 before there is content at all.
  catalog.content(view);
  const path = part.pathOf(view);
  if (path === undefined) throw new SkerryError('NotFound', `The package ${view.id} has no such file`);
  const file = catalog.artifact(view, path);
  const withSignatures = isFlagSet(request, 'include_signatures');
  if (withSignatures || (part.mayBeArchive && prefersArchive(request))) {
    const isSignature = (other: string) => other.startsWith(`${path}.`) && signatureOf.test(other);
    const signatures = withSignatures ? view.files.filter((other) => isSignature(other.path)) : [];
    const files = signatures.map((other) => ({ name: other.path, path: catalog.artifact(view, other.path) }));
    return sendArchive(reply, `${posix.basename(path)}.zip`, [{ name: path, path: file }, ...files]);
  }
  const sha256 = view.files.find((other) => other.path === path)?.sha256 ?? '';
  return sendFile(request, reply, { path: file, contentType: part.contentType ?? mediaTypeOf(path), revision: sha256 });
}

/** PUT of content: 202 (clause 9.4.5.3.3). If-Match on onboarded content asks for a new revision. */
async function putContent(
  request: FastifyRequest,
  reply: FastifyReply,
  { dependencies, kind }: { dependencies: NorthboundDependencies; kind: CatalogKind },
): Promise<FastifyReply> {
  const { catalog } = dependencies;
  const view = await ownView(catalog, kind, request);
  const options = { bytes: statedBytes(request), ...revisionOptions(request, view) };
  const upload = await catalog.beginUpload(kind, view.id, options);
  const file = await receiveUpload(request, upload);
  const work = onboard(catalog, request, { kind, id: view.id, file, upload });
  await settledOrLong(work, dependencies);
  return reply.code(202).send();
}

export function revisionOptions(request: FastifyRequest, view: CatalogView): { isRevision: boolean; ifMatch?: string } {
  const header = request.headers['if-match'];
  requireMatch(header, view.etag);
  return { isRevision: header !== undefined, ifMatch: header === undefined ? undefined : view.etag };
}

export async function onboard(
  catalog: Catalog,
  request: FastifyRequest,
  { kind, id, file, upload }: { kind: CatalogKind; id: string; file: UploadedFile; upload: Upload },
): Promise<void> {
  try {
    if (kind === 'nsd') await catalog.onboardNsd(contextOf(request), id as NsdInfoId, file);
    else await catalog.onboardVnfPackage(contextOf(request), id as VnfPackageId, file);
  } finally {
    await upload.discard();
  }
}

/** Resolves when the work has ended or takes long; then it goes on, and its failure stands on the resource. */
export async function settledOrLong(
  work: Promise<unknown>,
  { clock, log }: { clock: Clock; log: Logger },
): Promise<void> {
  const ended = new AbortController();
  const watched = work.finally(() => ended.abort());
  const long = delay(clock, answerAfterMs, ended.signal).then(() => {
    watched.catch((error: unknown) => log.warn({ error: String(error) }, 'onboarding failed after it was answered'));
  });
  long.catch(() => undefined);
  await Promise.race([watched, long.catch(() => watched)]);
}
