import type { ClusterAuthorization, ClusterEndpoint, ExecPlugin } from './cluster-endpoint.ts';
import type { Place } from './kubeconfig-place.ts';
import { readClientCertificate } from './kubeconfig-tls.ts';
import type { KubeconfigOptions } from './read-kubeconfig.ts';

const serviceAccount = 'use the token of a service account, made for the agent with `kubectl create token`';

export function readUser(
  user: Place,
  options: KubeconfigOptions,
): Pick<ClusterEndpoint, 'certificate' | 'authorization'> {
  for (const member of ['as', 'as-uid', 'as-groups', 'as-user-extra'])
    if (user.at(member).isThere) throw user.at(member).complaint('asks to act as somebody else', serviceAccount);
  if (user.at('auth-provider').isThere)
    throw user.at('auth-provider').complaint('asks for a plugin that Kubernetes gave up in 1.26', serviceAccount);
  const certificate = readClientCertificate(user);
  const authorization = readAuthorization(user, options);
  return {
    ...(certificate === undefined ? {} : { certificate }),
    ...(authorization === undefined ? {} : { authorization }),
  };
}

/** In kubectl's order: a token, a token's file, basic, a command. */
function readAuthorization(user: Place, options: KubeconfigOptions): ClusterAuthorization | undefined {
  const token = readToken(user);
  const file = user.at('tokenFile').text();
  if (file !== undefined && options.allowFiles === true) return { kind: 'token-file', path: file };
  if (token !== undefined) return { kind: 'token', token };
  if (file !== undefined)
    throw user.at('tokenFile').complaint('names a file, which does not travel with the kubeconfig', serviceAccount);
  const username = user.at('username').text();
  if (username !== undefined) return { kind: 'basic', username, password: user.at('password').text() ?? '' };
  const exec = user.at('exec');
  if (!exec.isThere) return undefined;
  if (!options.allowExec)
    throw exec.complaint(
      'runs a command for its credentials, which is not allowed here',
      `${serviceAccount}, or start the agent with SKERRY_KUBERNETES_EXEC=allow`,
    );
  return { kind: 'exec', plugin: readPlugin(exec) };
}

function readToken(user: Place): string | undefined {
  const place = user.at('token');
  const token = place.text();
  if (token === undefined) return undefined;
  if (token === 'REDACTED')
    throw place.complaint('was left out when the file was printed', 'export it with `kubectl config view --raw`');
  if (!/^[\x21-\x7e]+$/.test(token)) throw place.complaint('holds spaces or other characters that no token has');
  return token;
}

function readPlugin(exec: Place): ExecPlugin {
  const apiVersion = exec.at('apiVersion').text();
  if (apiVersion !== 'client.authentication.k8s.io/v1' && apiVersion !== 'client.authentication.k8s.io/v1beta1')
    throw exec.at('apiVersion').complaint('is neither client.authentication.k8s.io/v1 nor …/v1beta1', serviceAccount);
  const command = exec.at('command').text();
  if (command === undefined) throw exec.at('command').complaint('is missing');
  if (exec.at('interactiveMode').text() === 'Always')
    throw exec.at('interactiveMode').complaint('is Always, and nobody sits at the agent', serviceAccount);
  const environment: Record<string, string> = {};
  for (const item of exec.at('env').items()) {
    const name = item.at('name').text();
    if (name !== undefined) environment[name] = item.at('value').text() ?? '';
  }
  return {
    apiVersion,
    command,
    args: exec
      .at('args')
      .items()
      .map((item) => item.text() ?? ''),
    environment,
    isGivenCluster: exec.at('provideClusterInfo').flag(),
  };
}
