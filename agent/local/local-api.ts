import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import { type InfraId, id } from '#shared/model/ids.ts';
import type { Component, Logger } from '#shared/runtime/index.ts';
import { type LocalSources, type SimulatedVerb, simulatedVerbs } from './local-sources.ts';
import { toProblem } from './problem.ts';

const maxBodyBytes = 64 * 1024;
const maxConnections = 64;

export interface LocalApiOptions {
  socketPath: string;
  sources: LocalSources;
  log: Logger;
}

interface Call {
  method: string;
  /** Path below `/v1`, decoded, in parts. */
  parts: string[];
  body: () => Promise<unknown>;
}

/** The site's own API: HTTP and JSON on a Unix socket that only the agent's user may open. It works with the link down. */
export function createLocalApi(options: LocalApiOptions): Component {
  const { socketPath, sources, log } = options;
  const server = createServer((request, response) => void answer(request, response));
  server.maxConnections = maxConnections;
  server.headersTimeout = 5000;
  server.requestTimeout = 30_000;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const result = await route(sources, parseCall(request));
      send(response, 200, 'application/json', result ?? {});
    } catch (error) {
      if (!isSkerryError(error)) log.error({ error, url: request.url }, 'The local API failed to answer.');
      const problem = toProblem(error);
      send(response, problem.status, 'application/problem+json', problem);
    }
  }

  return {
    async start() {
      await mkdir(path.dirname(socketPath), { recursive: true, mode: 0o700 });
      await removeStaleSocket(socketPath);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(socketPath, resolve);
      });
      await chmod(socketPath, 0o600);
    },
    async stop() {
      if (!server.listening) return;
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function route(sources: LocalSources, call: Call): Promise<unknown> {
  const [resource, name] = call.parts;
  if (resource === 'deletions' && call.method === 'POST') return orderDeletions(sources, name);
  if (resource === 'infras' && call.parts[2] === 'simulated') return simulated(sources, call);
  if (call.method !== 'GET') throw new SkerryError('MethodNotAllowed', `${call.method} is not possible here`);
  if (resource === 'units' && name !== undefined) return unitOf(sources, call.parts.slice(1).join('/'));
  if (call.parts.length !== 1) throw notFound(call);
  switch (resource) {
    case 'status':
      return sources.status();
    case 'units':
      return { units: sources.units() };
    case 'journal':
      return { journal: sources.journal().map(([key, record]) => ({ key, ...record })) };
    case 'outbox':
      return { streams: sources.outbox() };
    case 'infras':
      return { infras: sources.infras() };
    case 'deletions':
      return { held: sources.heldDeletions() };
    default:
      throw notFound(call);
  }
}

async function orderDeletions(sources: LocalSources, verb: string | undefined): Promise<unknown> {
  if (verb === 'release') return { released: await sources.releaseDeletions() };
  if (verb !== 'hold') throw new SkerryError('NotFound', 'Deletions can be held or released');
  await sources.holdDeletions();
  return { held: sources.heldDeletions() };
}

function unitOf(sources: LocalSources, key: string): unknown {
  const unit = sources.units().find((candidate) => candidate.key === key);
  const record = sources.journal().find(([candidate]) => candidate === key)?.[1];
  if (unit === undefined && record === undefined) throw new SkerryError('NotFound', `There is no unit ${key} here`);
  return { ...unit, journal: record };
}

async function simulated(sources: LocalSources, call: Call): Promise<unknown> {
  const [, infraId = '', , verb] = call.parts;
  const orders = sources.simulated(id<InfraId>(infraId));
  if (orders === undefined)
    throw new SkerryError('NotFound', `${infraId} is not a simulated infra of this agent`, {
      remedy: 'List the infras first.',
    });
  if (call.method === 'GET' && verb === 'world') return orders.world();
  if (call.method !== 'POST' || !simulatedVerbs.includes(verb as SimulatedVerb)) throw notFound(call);
  return orders.order(verb as SimulatedVerb, await call.body());
}

function parseCall(request: IncomingMessage): Call {
  const { pathname } = new URL(request.url ?? '/', 'http://agent');
  let parts: string[];
  try {
    parts = pathname
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
  } catch {
    throw new SkerryError('BadRequest', 'The path is not valid');
  }
  if (parts.shift() !== 'v1') throw new SkerryError('NotFound', 'The local API lives below /v1');
  // A key holds a slash: encoded or not, it is the same unit.
  return {
    method: request.method ?? 'GET',
    parts: parts.flatMap((part) => part.split('/')),
    body: () => readBody(request),
  };
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > maxBodyBytes) throw new SkerryError('TooLarge', `A body may have ${maxBodyBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  if (size === 0) return {};
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new SkerryError('BadRequest', 'The body is not JSON');
  }
}

function send(response: ServerResponse, status: number, type: string, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text), connection: 'close' });
  response.end(text);
}

function notFound(call: Call): SkerryError {
  return new SkerryError('NotFound', `There is no ${call.method} /v1/${call.parts.join('/')}`);
}

/** A killed agent leaves its socket behind; a living one must not lose it. */
async function removeStaleSocket(socketPath: string): Promise<void> {
  const isAlive = await new Promise<boolean>((resolve) => {
    const probe = connect(socketPath);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
  if (isAlive)
    throw new SkerryError('Conflict', `Another agent answers on ${socketPath}`, {
      remedy: 'Stop it, or give this agent a state folder of its own.',
    });
  await rm(socketPath, { force: true });
}
