import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { sha256 } from './image-archives.ts';

/** An OCI registry in memory, with what tests order. */
export interface FakeRegistry {
  url: string;
  blobs: Map<string, Buffer>;
  /** `<repository>:<tag or digest>` → bytes and type. */
  manifests: Map<string, { bytes: Buffer; type: string }>;
  /** `METHOD path` of every request. */
  seen: string[];
  /** Asks for a bearer token, which it gives for these. */
  login?: { username: string; password: string };
  /** Answers in place of the registry; undefined: it goes on. */
  order?: (request: IncomingMessage) => number | undefined;
  close(): Promise<void>;
}

export async function startFakeRegistry(): Promise<FakeRegistry> {
  const server = createServer((request, response) => void answer(registry, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const registry: FakeRegistry = {
    url: `http://127.0.0.1:${port}`,
    blobs: new Map(),
    manifests: new Map(),
    seen: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return registry;
}

const token = 'a-token';

async function answer(registry: FakeRegistry, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', registry.url);
  const { method = '' } = request;
  registry.seen.push(`${method} ${url.pathname}`);
  const end = (status: number, headers: Record<string, string> = {}, text = '') =>
    response.writeHead(status, headers).end(text);
  const ordered = registry.order?.(request);
  if (ordered !== undefined) return void end(ordered);
  if (url.pathname === '/token') return void giveToken(registry, request, end);
  if (registry.login !== undefined && request.headers.authorization !== `Bearer ${token}`) {
    const challenge = `Bearer realm="${registry.url}/token",service="fake"`;
    return void end(401, { 'www-authenticate': challenge });
  }
  const [, repository = '', kind = '', name = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/(.*)$/.exec(url.pathname) ?? [];
  if (method === 'HEAD') {
    const found = kind === 'blobs' ? registry.blobs.has(name) : registry.manifests.get(`${repository}:${name}`);
    if (found === undefined || found === false) return void end(404);
    return void end(200, found === true ? {} : { 'docker-content-digest': sha256(found.bytes) });
  }
  if (method === 'POST') return void end(202, { location: `/v2/${repository}/blobs/uploads/1?state=x` });
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return;
  }
  const bytes = Buffer.concat(chunks);
  if (kind === 'manifests')
    return void end(putManifest(registry, `${repository}:${name}`, bytes, String(request.headers['content-type'])), {
      'docker-content-digest': sha256(bytes),
    });
  const digest = url.searchParams.get('digest') ?? '';
  if (sha256(bytes) !== digest || url.searchParams.get('state') !== 'x') return void end(400);
  registry.blobs.set(digest, bytes);
  end(201);
}

/** As registries do: nothing is named that is not there. */
function putManifest(registry: FakeRegistry, name: string, bytes: Buffer, type: string): number {
  interface Manifest {
    config?: { digest: string };
    layers?: { digest: string }[];
    manifests?: { digest: string }[];
  }
  const { config, layers = [], manifests = [] } = JSON.parse(bytes.toString('utf8')) as Manifest;
  const blobs = [...(config === undefined ? [] : [config]), ...layers];
  const known = new Set([...registry.manifests.values()].map((manifest) => sha256(manifest.bytes)));
  if (blobs.some(({ digest }) => !registry.blobs.has(digest)) || manifests.some(({ digest }) => !known.has(digest)))
    return 400;
  registry.manifests.set(name, { bytes, type });
  return 201;
}

function giveToken(
  registry: FakeRegistry,
  request: IncomingMessage,
  end: (status: number, headers?: Record<string, string>, text?: string) => void,
): void {
  const { username, password } = registry.login ?? { username: '', password: '' };
  const wanted = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  if (request.headers.authorization !== wanted) end(401);
  else end(200, { 'content-type': 'application/json' }, JSON.stringify({ token }));
}
