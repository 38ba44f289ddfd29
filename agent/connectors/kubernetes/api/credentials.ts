import { readFile, stat } from 'node:fs/promises';
import { SkerryError } from '#shared/errors/index.ts';
import type { Clock } from '#shared/runtime/index.ts';
import type { ClientCertificate, ClusterEndpoint } from './cluster-endpoint.ts';
import { ExecCredentials } from './exec-credential.ts';

/** What goes out with a request. */
export interface Presented {
  /** Value of the Authorization header. */
  authorization?: string;
  certificate?: ClientCertificate;
}

export interface CredentialSource {
  /** @throws SkerryError PlatformAuth when there is nothing to show */
  present(signal: AbortSignal): Promise<Presented>;
  /** The server refused what was presented: true when there is something new to try. */
  renew(signal: AbortSignal): Promise<boolean>;
}

export interface CredentialOptions {
  clock: Clock;
  /** For the commands of exec plugins. */
  environment: Readonly<Record<string, string>>;
}

export function credentialsOf(endpoint: ClusterEndpoint, options: CredentialOptions): CredentialSource {
  const { authorization, certificate } = endpoint;
  const base: Presented = certificate === undefined ? {} : { certificate };
  switch (authorization?.kind) {
    case undefined:
      return unchanging(base);
    case 'token':
      return unchanging({ ...base, authorization: `Bearer ${authorization.token}` });
    case 'basic': {
      const pair = Buffer.from(`${authorization.username}:${authorization.password}`).toString('base64');
      return unchanging({ ...base, authorization: `Basic ${pair}` });
    }
    case 'token-file':
      return new TokenFile(authorization.path, base, options.clock);
    case 'exec':
      return new ExecCredentials({ plugin: authorization.plugin, endpoint, base, ...options });
  }
}

function unchanging(presented: Presented): CredentialSource {
  return { present: async () => presented, renew: async () => false };
}

/** A change of the file is looked for at most this often. */
const statIntervalMs = 1000;
const maxTokenBytes = 65_536;

/** A token that somebody else renews, as kubelet does for service accounts. */
class TokenFile implements CredentialSource {
  readonly #path: string;
  readonly #base: Presented;
  readonly #clock: Clock;
  #token = '';
  #stamp = '';
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(path: string, base: Presented, clock: Clock) {
    this.#path = path;
    this.#base = base;
    this.#clock = clock;
  }

  async present(): Promise<Presented> {
    if (this.#clock.mono() - this.#lookedMs >= statIntervalMs) await this.#look();
    return { ...this.#base, authorization: `Bearer ${this.#token}` };
  }

  async renew(): Promise<boolean> {
    const before = this.#token;
    this.#stamp = '';
    await this.#look();
    return this.#token !== before;
  }

  async #look(): Promise<void> {
    try {
      const { mtimeMs, ino, size } = await stat(this.#path);
      const stamp = `${mtimeMs} ${ino} ${size}`;
      if (stamp !== this.#stamp) {
        if (size > maxTokenBytes) throw new Error(`more than ${maxTokenBytes} bytes`);
        const token = (await readFile(this.#path, 'utf8')).trim();
        if (!/^[\x21-\x7e]+$/.test(token)) throw new Error('no token in it');
        this.#token = token;
        this.#stamp = stamp;
      }
      this.#lookedMs = this.#clock.mono();
    } catch (cause) {
      throw new SkerryError('PlatformAuth', `The token file ${this.#path} cannot be read.`, {
        remedy: 'check that the file is there and that the agent may read it',
        cause,
      });
    }
  }
}
