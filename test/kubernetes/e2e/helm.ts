import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

async function ask<T>(kubeconfig: string, namespace: string, args: readonly string[]): Promise<T> {
  const all = [...args, '--namespace', namespace, '--kubeconfig', kubeconfig, '--output', 'json'];
  const { stdout } = await run('helm', all, { timeout: 60_000 });
  return JSON.parse(stdout) as T;
}

export interface HelmRelease {
  name: string;
  revision: string;
  status: string;
  chart: string;
}

/** What Helm's own program sees. */
export const helm = {
  list: (kubeconfig: string, namespace: string) => ask<HelmRelease[]>(kubeconfig, namespace, ['list']),
  /** Oldest first. */
  history: (kubeconfig: string, namespace: string, release: string) =>
    ask<{ revision: number; status: string; chart: string; description: string }[]>(kubeconfig, namespace, [
      'history',
      release,
    ]),
};
