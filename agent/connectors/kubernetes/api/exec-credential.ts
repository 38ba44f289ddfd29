import { spawn } from 'node:child_process';
import { SkerryError } from '#shared/errors/index.ts';
import { type Clock, delay } from '#shared/runtime/index.ts';
import type { ClusterEndpoint, ExecPlugin } from './cluster-endpoint.ts';
import type { CredentialSource, Presented } from './credentials.ts';
import { untilAborted } from './until-aborted.ts';

export interface ExecCredentialOptions {
  plugin: ExecPlugin;
  endpoint: ClusterEndpoint;
  /** What the kubeconfig gives besides. */
  base: Presented;
  clock: Clock;
  /** All that the command sees of the environment; the plugin's own entries are added. */
  environment: Readonly<Record<string, string>>;
}

const limitMs = 30_000;
/** A server that refuses fresh credentials must not make us start a process per request. */
const leastIntervalMs = 5_000;
/** Credentials that are about to expire would expire on the way. */
const earlyMs = 10_000;
const maxOutputBytes = 1_048_576;

/** Credentials that a command prints as ExecCredential (client.authentication.k8s.io v1 and v1beta1), kept until they expire. */
export class ExecCredentials implements CredentialSource {
  readonly #options: ExecCredentialOptions;
  #kept: { presented: Presented; untilMs: number; sinceMs: number } | undefined;
  #running: Promise<Presented> | undefined;

  constructor(options: ExecCredentialOptions) {
    this.#options = options;
  }

  async present(signal: AbortSignal): Promise<Presented> {
    if (this.#kept !== undefined && this.#options.clock.now() < this.#kept.untilMs) return this.#kept.presented;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    // The command's life is bounded by its own limit.
    return await untilAborted(this.#running, signal);
  }

  async renew(): Promise<boolean> {
    if (this.#kept === undefined) return true;
    if (this.#options.clock.mono() - this.#kept.sinceMs < leastIntervalMs) return false;
    this.#kept = undefined;
    return true;
  }

  async #run(): Promise<Presented> {
    const { plugin, clock, base } = this.#options;
    const text = await runCommand(this.#options);
    const { presented, expiresMs } = readExecCredential(text, plugin, base);
    this.#kept = { presented, untilMs: expiresMs - earlyMs, sinceMs: clock.mono() };
    return presented;
  }
}

async function runCommand(options: ExecCredentialOptions): Promise<string> {
  const { plugin, clock, environment } = options;
  const ended = new AbortController();
  const child = spawn(plugin.command, plugin.args, {
    env: { ...environment, ...plugin.environment, KUBERNETES_EXEC_INFO: execInfo(options) },
    stdio: ['ignore', 'pipe', 'ignore'],
    shell: false,
  });
  const chunks: Buffer[] = [];
  let size = 0;
  const outcome = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxOutputBytes) reject(new Error(`it prints more than ${maxOutputBytes} bytes`));
      else chunks.push(chunk);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(Buffer.concat(chunks).toString('utf8'));
      else reject(new Error(`it ended with ${signal ?? code}`));
    });
  });
  const limit = delay(clock, limitMs, ended.signal).then(() => {
    throw new Error(`it runs longer than ${limitMs / 1000} s`);
  });
  try {
    return await Promise.race([outcome, limit]);
  } catch (cause) {
    throw complaint(plugin, cause instanceof Error ? cause.message : String(cause), cause);
  } finally {
    ended.abort();
    limit.catch(() => undefined);
    outcome.catch(() => undefined);
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  }
}

function execInfo({ plugin, endpoint }: ExecCredentialOptions): string {
  const { server, tls } = endpoint;
  const cluster = {
    server,
    ...(tls.serverName === undefined ? {} : { 'tls-server-name': tls.serverName }),
    ...(tls.isVerificationOff ? { 'insecure-skip-tls-verify': true } : {}),
    ...(tls.caPem === undefined ? {} : { 'certificate-authority-data': Buffer.from(tls.caPem).toString('base64') }),
  };
  return JSON.stringify({
    apiVersion: plugin.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, ...(plugin.isGivenCluster ? { cluster } : {}) },
  });
}

function readExecCredential(
  text: string,
  plugin: ExecPlugin,
  base: Presented,
): { presented: Presented; expiresMs: number } {
  let found: { apiVersion?: unknown; kind?: unknown; status?: Record<string, unknown> } | null;
  try {
    found = JSON.parse(text);
  } catch (cause) {
    throw complaint(plugin, 'it does not print JSON', cause);
  }
  if (found?.kind !== 'ExecCredential' || found.apiVersion !== plugin.apiVersion)
    throw complaint(plugin, `it does not print an ExecCredential of ${plugin.apiVersion}`);
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = found.status ?? {};
  const presented: Presented = { ...base };
  if (typeof token === 'string' && token !== '') presented.authorization = `Bearer ${token}`;
  if (typeof clientCertificateData === 'string' && typeof clientKeyData === 'string')
    presented.certificate = { certPem: clientCertificateData, keyPem: clientKeyData };
  if (presented.authorization === undefined && presented.certificate === undefined)
    throw complaint(plugin, 'there is neither a token nor a certificate with key in its status');
  const expiresMs =
    typeof expirationTimestamp === 'string' ? Date.parse(expirationTimestamp) : Number.POSITIVE_INFINITY;
  if (Number.isNaN(expiresMs)) throw complaint(plugin, 'its expirationTimestamp is no time');
  return { presented, expiresMs };
}

function complaint(plugin: ExecPlugin, reason: string, cause?: unknown): SkerryError {
  return new SkerryError('PlatformAuth', `The credential command ${plugin.command} does not work: ${reason}.`, {
    remedy: 'run the command by hand as the agent’s user, or use a kubeconfig with a token or certificate',
    cause,
  });
}
