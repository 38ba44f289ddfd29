import { rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { isSkerryError } from '#shared/errors/index.ts';
import type { KubernetesApi } from '../api/kubernetes-api.ts';

export interface LookupWindow {
  api: KubernetesApi;
  /** Of the release: what lies elsewhere is not there for it. */
  namespace: string;
  /** For the kubeconfig, while it is open. */
  folder: string;
  /** Drawn anew for each opening. */
  token: string;
  signal: AbortSignal;
}

/** What a client asks to find its way about. */
const wayfinding =
  /^\/(version|api|apis|api\/v1|apis\/[a-z0-9.-]+(\/[a-z0-9]+)?|openapi\/v[23](\/[A-Za-z0-9./_-]*)?)\/?$/;

/**
 * A view of the cluster for a chart that looks things up while it is rendered: on loopback, for one program, read only, and of
 * the release's own namespace. A package is not trusted: with the agent's credentials its templates could read every Secret.
 */
export async function withLookupWindow<T>(window: LookupWindow, use: (kubeconfig: string) => Promise<T>): Promise<T> {
  const server = createServer((request, response) => {
    answer(window, request, response).catch(() => response.destroy());
  });
  await listen(server);
  const { port } = server.address() as AddressInfo;
  const file = path.join(window.folder, `lookup-${port}`);
  try {
    await writeFile(file, kubeconfigOf(port, window.token), { mode: 0o600 });
    return await use(file);
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(file, { force: true });
  }
}

async function answer(window: LookupWindow, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { api, token, signal } = window;
  const url = new URL(request.url ?? '/', 'http://localhost');
  // In the path, since clients send no token without TLS.
  const prefix = `/${token}`;
  const wanted = url.pathname.startsWith(`${prefix}/`) ? url.pathname.slice(prefix.length) : undefined;
  if (request.method !== 'GET' || wanted === undefined || !isOpen(window, wanted, url.searchParams))
    return send(response, 404, status(404, 'NotFound'));
  try {
    const { body } = await api.request<unknown>({
      method: 'GET',
      path: wanted,
      query: Object.fromEntries(url.searchParams),
      // Plain JSON: other forms (aggregated discovery, tables) are named by a content type that is not passed on.
      accept: 'application/json',
      signal,
    });
    send(response, 200, body);
  } catch (error) {
    if (!isSkerryError(error)) throw error;
    const code = error.code === 'NotFound' ? 404 : Number(error.details['status'] ?? 503);
    send(response, code, status(code, error.code === 'NotFound' ? 'NotFound' : 'ServiceUnavailable'));
  }
}

function isOpen({ namespace }: LookupWindow, pathname: string, query: URLSearchParams): boolean {
  if (query.has('watch')) return false;
  if (wayfinding.test(pathname)) return true;
  const place = /^\/(?:api\/v1|apis\/[^/]+\/[^/]+)\/namespaces\/([^/]+)(\/[a-z]+(\/[^/]+)?)?$/.exec(pathname);
  return place?.[1] === namespace;
}

function send(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function status(code: number, reason: string): object {
  return { apiVersion: 'v1', kind: 'Status', status: 'Failure', code, reason, message: reason };
}

function kubeconfigOf(port: number, token: string): string {
  const name = 'lookup';
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: `http://127.0.0.1:${port}/${token}` } }],
    users: [{ name, user: {} }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}
