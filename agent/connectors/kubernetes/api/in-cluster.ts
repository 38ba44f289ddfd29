import { access, readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import path from 'node:path';
import { SkerryError } from '#shared/errors/index.ts';
import type { ClusterEndpoint } from './cluster-endpoint.ts';

export interface InClusterOptions {
  /** `KUBERNETES_SERVICE_HOST` of the pod. */
  host: string | undefined;
  /** `KUBERNETES_SERVICE_PORT` of the pod. */
  port: string | undefined;
  /** Folder of the service account's files; default: where kubelet puts them. */
  folder?: string;
}

const defaultFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The cluster in which this process itself runs, with its pod's service account. The token is read again when it changes.
 * @throws SkerryError BadRequest outside a cluster
 */
export async function inClusterEndpoint(options: InClusterOptions): Promise<ClusterEndpoint> {
  const { host, port } = options;
  if (host === undefined || host === '' || !/^\d{1,5}$/.test(port ?? ''))
    throw new SkerryError('BadRequest', 'The agent does not run inside a Kubernetes cluster.', {
      remedy: 'give the infra a kubeconfig, or run the agent as a pod',
    });
  const folder = options.folder ?? defaultFolder;
  const tokenPath = path.join(folder, 'token');
  try {
    await access(tokenPath);
    const caPem = await readFile(path.join(folder, 'ca.crt'), 'utf8');
    const namespace = await readFile(path.join(folder, 'namespace'), 'utf8').then(
      (text) => text.trim(),
      () => '',
    );
    return {
      server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
      tls: { caPem },
      authorization: { kind: 'token-file', path: tokenPath },
      ...(namespace === '' ? {} : { namespace }),
    };
  } catch (cause) {
    throw new SkerryError('BadRequest', `The service account’s files in ${folder} cannot be read.`, {
      remedy: 'set automountServiceAccountToken: true for the agent’s pod and give it a service account',
      cause,
    });
  }
}
