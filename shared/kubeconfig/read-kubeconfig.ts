import { fail, ok, type Result, SkerryError } from '../errors/index.ts';
import { chooseContext } from './choose-context.ts';
import type { ClusterEndpoint } from './cluster-endpoint.ts';
import { Complaint, type Place, rootPlace } from './kubeconfig-place.ts';
import { readTls } from './kubeconfig-tls.ts';
import { readUser } from './kubeconfig-user.ts';

export interface KubeconfigOptions {
  /** Default: the file's `current-context`. */
  context?: string;
  /** May a command on the agent's machine be run for credentials? */
  allowExec: boolean;
  /** May a file on the agent's machine be named for the token? */
  allowFiles?: boolean;
}

const maxBytes = 1_048_576;

/**
 * One context of a kubeconfig (YAML or JSON). Pure but for loading the YAML parser when it is needed. Errors are BadRequest
 * with details `{path}`, the place inside the file; they never quote a secret.
 */
export async function readKubeconfig(text: string, options: KubeconfigOptions): Promise<Result<ClusterEndpoint>> {
  try {
    return ok(readContext(await openKubeconfig(text), options));
  } catch (error) {
    return fail(asKubeconfigError(error));
  }
}

/** The file as places that know where they are. @throws Complaint */
export async function openKubeconfig(text: string): Promise<Place> {
  if (text.length > maxBytes) throw new Complaint('', `is larger than ${maxBytes} bytes`);
  return rootPlace(await parse(text));
}

/** A complaint as the error that it becomes outside. @throws what is none */
export function asKubeconfigError(error: unknown): SkerryError {
  if (!(error instanceof Complaint)) throw error;
  const { path, words, remedy } = error;
  const place = path === '' ? 'The kubeconfig' : `${path} of the kubeconfig`;
  return new SkerryError('BadRequest', `${place} ${words}.`, { details: { path }, remedy });
}

function readContext(root: Place, options: KubeconfigOptions): ClusterEndpoint {
  const { context, cluster, user } = chooseContext(root, options.context);
  const namespace = context.at('namespace').text();
  return {
    server: readServer(cluster),
    tls: readTls(cluster),
    ...(user === undefined ? {} : readUser(user, options)),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

function readServer(cluster: Place): string {
  const place = cluster.at('server');
  const server = place.text();
  const remedy = 'give an address such as https://10.0.0.1:6443';
  if (server === undefined) throw place.complaint('is missing', remedy);
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw place.complaint('is no https:// address', remedy);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw place.complaint('holds more than scheme, host, port and path', remedy);
  if (cluster.at('proxy-url').text() !== undefined)
    throw cluster
      .at('proxy-url')
      .complaint(
        'asks for a proxy, which the agent does not use',
        'run the agent where it reaches the API server directly',
      );
  return server.replace(/\/+$/, '');
}

async function parse(text: string): Promise<unknown> {
  if (text.trimStart().startsWith('{')) {
    try {
      return JSON.parse(text);
    } catch {
      // YAML's flow style begins with a brace, too.
    }
  }
  const { parseAllDocuments } = await import('yaml');
  const documents = parseAllDocuments(text, { uniqueKeys: true, logLevel: 'silent' });
  const [document] = documents;
  if (!Array.isArray(documents) || document === undefined)
    throw new Complaint('', 'is empty', 'give the file that kubectl uses');
  if (documents.length > 1)
    throw new Complaint('', 'holds several documents', 'give one; merge them with `kubectl config view --flatten`');
  const [error] = document.errors;
  if (error !== undefined) {
    const line = error.linePos?.[0].line;
    throw new Complaint('', `is no YAML${line === undefined ? '' : ` (line ${line}, ${error.code})`}`);
  }
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    throw new Complaint('', 'holds too many aliases');
  }
}
