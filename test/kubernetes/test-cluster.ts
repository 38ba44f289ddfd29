import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import {
  type ClusterEndpoint,
  createKubernetesApi,
  type KubernetesApi,
  readKubeconfig,
} from '#agent/connectors/kubernetes/api/index.ts';
import { isSkerryError } from '#shared/errors/index.ts';
import { silentLogger, systemClock } from '#shared/runtime/index.ts';

/** Reason to skip a test that needs the variable; false when it is set. */
export function skipWithout(variable: string): string | false {
  return process.env[variable] ? false : `needs ${variable}`;
}

/** The cluster that the variable's kubeconfig names. */
export async function endpointOf(variable: string): Promise<ClusterEndpoint> {
  const endpoint = await readKubeconfig(readFileSync(process.env[variable] ?? '', 'utf8'), { allowExec: true });
  if (!endpoint.ok) throw endpoint.error;
  return endpoint.value;
}

export function connect(endpoint: ClusterEndpoint): KubernetesApi {
  const environment = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };
  return createKubernetesApi({ endpoint, clock: systemClock, log: silentLogger, environment });
}

/** A namespace that goes when the test ends. */
export async function makeNamespace(context: TestContext, api: KubernetesApi): Promise<string> {
  const name = `skerry-test-${randomBytes(4).toString('hex')}`;
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  const signal = AbortSignal.timeout(10_000);
  await api.request({ method: 'POST', path: '/api/v1/namespaces', body: namespace, signal });
  context.after(async () => {
    try {
      const path = `/api/v1/namespaces/${name}`;
      await api.request({ method: 'DELETE', path, signal: AbortSignal.timeout(10_000) });
    } catch (error) {
      if (!isSkerryError(error) || error.code !== 'NotFound') throw error;
    }
  });
  return name;
}
