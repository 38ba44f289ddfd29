import { fail, ok, type Result, SkerryError } from '#shared/errors/index.ts';
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
    if (text.length > maxBytes) throw new Complaint('', `is larger than ${maxBytes} bytes`);
    const root = rootPlace(await parse(text));
    return ok(readContext(root, options));
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    const place = error.path === '' ? 'The kubeconfig' : `${error.path} of the kubeconfig`;
    const { path, remedy } = error;
    return fail(new SkerryError('BadRequest', `${place} ${error.words}.`, { details: { path }, remedy }));
  }
}

function readContext(root: Place, options: KubeconfigOptions): ClusterEndpoint {
  const kind = root.at('kind').text();
  if (kind !== undefined && kind !== 'Config')
    throw root.at('kind').complaint('is not Config', 'give the file that kubectl uses');
  const name = options.context ?? root.at('current-context').text();
  const contexts = root.at('contexts').named();
  if (name === undefined)
    throw root
      .at('current-context')
      .complaint('is not set', `name a context: ${list(contexts)}, or run \`kubectl config use-context\``);
  const context = contexts.get(name)?.at('context');
  if (context === undefined)
    throw root.at('contexts').complaint(`holds no context ${quoted(name)}`, `use one of ${list(contexts)}`);
  const cluster = find(root, context, 'cluster');
  if (cluster === undefined)
    throw context.at('cluster').complaint('is missing', 'name a cluster, with `kubectl config set-context`');
  const user = find(root, context, 'user');
  const namespace = context.at('namespace').text();
  return {
    server: readServer(cluster),
    tls: readTls(cluster),
    ...(user === undefined ? {} : readUser(user, options)),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

/** What the context names in `clusters` or `users`. */
function find(root: Place, context: Place, kind: 'cluster' | 'user'): Place | undefined {
  const name = context.at(kind).text();
  if (name === undefined) return undefined;
  const all = root.at(`${kind}s`).named();
  const found = all.get(name)?.at(kind);
  if (found === undefined)
    throw context
      .at(kind)
      .complaint(`names ${quoted(name)}, which is not in ${kind}s`, `use one of ${list(all)}, or export the file anew`);
  return found;
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

function list(names: ReadonlyMap<string, Place>): string {
  return names.size === 0 ? '(there is none)' : [...names.keys()].slice(0, 20).map(quoted).join(', ');
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}
