import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface KubectlResult {
  isDone: boolean;
  stdout: string;
  stderr: string;
}

/** What a test of a real cluster is given from outside; see docs/operators/kubernetes.md. */
export const kubeconfigFile = process.env['SKERRY_TEST_KUBECONFIG'] ?? '';

/** For `test(name, {skip})`: why there is nothing to test against, or false. */
export function withoutCluster(): string | false {
  if (kubeconfigFile === '') return 'SKERRY_TEST_KUBECONFIG names no kubeconfig';
  return existsSync(kubeconfigFile) ? false : `${kubeconfigFile} (SKERRY_TEST_KUBECONFIG) is not there`;
}

/** kubectl as the cluster's owner. Resolves whatever it says; rejects when it cannot be run. */
export async function tryKubectl(args: readonly string[], input = ''): Promise<KubectlResult> {
  const program = process.env['SKERRY_TEST_KUBECTL'] ?? 'kubectl';
  const environment = { ...process.env, KUBECONFIG: kubeconfigFile };
  const running = run(program, [...args], { env: environment, maxBuffer: 64 * 2 ** 20, timeout: 60_000 });
  running.child.stdin?.on('error', () => undefined);
  running.child.stdin?.end(input);
  try {
    return { isDone: true, ...(await running) };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (typeof code !== 'number')
      throw new Error(`${program} cannot be run (SKERRY_TEST_KUBECTL, or on PATH)`, { cause: error });
    return { isDone: false, stdout, stderr };
  }
}

/** @returns standard output; rejects with kubectl's own words */
export async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { isDone, stdout, stderr } = await tryKubectl(args, input);
  if (!isDone) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
  return stdout;
}

/** kubectl as the owner of any cluster. @returns standard output; rejects with kubectl's own words */
export async function kubectlOf(kubeconfig: string, args: readonly string[]): Promise<string> {
  const program = process.env['SKERRY_TEST_KUBECTL'] ?? 'kubectl';
  const options = { maxBuffer: 64 * 2 ** 20, timeout: 60_000 };
  return (await run(program, ['--kubeconfig', kubeconfig, ...args], options)).stdout;
}

/** Repeats until `check` gives a value. */
export async function eventually<T>(what: string, check: () => Promise<T | undefined>, timeoutMs = 30_000): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await check();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`after ${timeoutMs / 1000} s it is not so that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
