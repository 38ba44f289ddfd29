import { request } from 'node:http';
import { type ErrorCode, errorCatalogue, SkerryError } from '#shared/errors/index.ts';
import type { InfraStatus, SimulatedVerb } from './local-sources.ts';
import type { LocalStatus } from './local-status.ts';
import type { Problem } from './problem.ts';

/** One unit as `GET /v1/units` shows it; shapes as in `agent/seek`. */
export interface LocalUnit {
  key: string;
  kind: string;
  scope: string;
  infraId: string;
  revision: number;
  isReady: boolean;
  phase: string;
  message: string;
  attempts: number;
  incarnation: string;
  observed: { platformId: string; facts: Record<string, unknown> } | null;
}

export interface LocalJournalEntry {
  key: string;
  kind: string;
  infraId: string;
  scope: string;
  current?: { incarnation: string; step: string; status: string; loggedAt: number };
  condemned: { incarnation: string; reason: string }[];
}

export interface LocalClient {
  status(): Promise<LocalStatus>;
  units(): Promise<LocalUnit[]>;
  unit(key: string): Promise<LocalUnit>;
  journal(): Promise<LocalJournalEntry[]>;
  outbox(): Promise<{ stream: string; pending: number; acked: number; lastSeq: number }[]>;
  infras(): Promise<InfraStatus[]>;
  heldDeletions(): Promise<string[]>;
  hold(): Promise<string[]>;
  release(): Promise<string[]>;
  /** Orders to a simulated infra: fault, release, kill, drift, delete, alarm. */
  simulated(infraId: string, verb: SimulatedVerb, body?: object): Promise<unknown>;
  world(infraId: string): Promise<unknown>;
}

/**
 * Client of an agent's local API.
 * @throws SkerryError: the agent's own, or Unavailable when no agent answers on the socket
 */
export function createLocalClient(socketPath: string, timeoutMs = 10_000): LocalClient {
  const call = <T>(method: string, path: string, body?: unknown) =>
    send<T>({ socketPath, timeoutMs, method, path, body });
  const of = (infraId: string) => `/v1/infras/${encodeURIComponent(infraId)}/simulated`;
  return {
    status: () => call('GET', '/v1/status'),
    units: async () => (await call<{ units: LocalUnit[] }>('GET', '/v1/units')).units,
    unit: (key) => call('GET', `/v1/units/${encodeURIComponent(key)}`),
    journal: async () => (await call<{ journal: LocalJournalEntry[] }>('GET', '/v1/journal')).journal,
    outbox: async () =>
      (await call<{ streams: Awaited<ReturnType<LocalClient['outbox']>> }>('GET', '/v1/outbox')).streams,
    infras: async () => (await call<{ infras: InfraStatus[] }>('GET', '/v1/infras')).infras,
    heldDeletions: async () => (await call<{ held: string[] }>('GET', '/v1/deletions')).held,
    hold: async () => (await call<{ held: string[] }>('POST', '/v1/deletions/hold')).held,
    release: async () => (await call<{ released: string[] }>('POST', '/v1/deletions/release')).released,
    simulated: (infraId, verb, body = {}) => call('POST', `${of(infraId)}/${verb}`, body),
    world: (infraId) => call('GET', `${of(infraId)}/world`),
  };
}

function send<T>(options: {
  socketPath: string;
  timeoutMs: number;
  method: string;
  path: string;
  body: unknown;
}): Promise<T> {
  const { socketPath, timeoutMs, method, path, body } = options;
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const headers =
      text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const outgoing = request({ socketPath, method, path, headers, timeout: timeoutMs }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => reject(unreachable(socketPath, error)));
      response.on('end', () => {
        try {
          const parsed = JSON.parse(Buffer.concat(chunks).toString('utf8'));
          if ((response.statusCode ?? 500) >= 400) reject(fromProblem(parsed as Problem));
          else resolve(parsed as T);
        } catch (error) {
          reject(unreachable(socketPath, error));
        }
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    outgoing.on('error', (error) => reject(unreachable(socketPath, error)));
    outgoing.end(text);
  });
}

function fromProblem(problem: Problem): SkerryError {
  const code = Object.hasOwn(errorCatalogue, problem.code) ? (problem.code as ErrorCode) : 'Internal';
  return new SkerryError(code, problem.detail, { remedy: problem.remedy });
}

function unreachable(socketPath: string, cause: unknown): SkerryError {
  return new SkerryError('Unavailable', `No agent answers on ${socketPath}`, {
    cause,
    remedy: 'Is the agent running on this node, and may you open its socket?',
  });
}
