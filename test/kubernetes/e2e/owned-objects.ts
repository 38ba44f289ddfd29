import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const kinds = new Map<string, string>();

/** Whatever kind it is of: everything in a cluster that carries an owner's label, as `kind namespace/name`. */
export async function ownedObjects(kubeconfigFile: string, owner: string): Promise<string[]> {
  const call = async (args: readonly string[]) =>
    (await run('kubectl', ['--kubeconfig', kubeconfigFile, ...args], { maxBuffer: 2 ** 26, timeout: 60_000 })).stdout;
  let known = kinds.get(kubeconfigFile);
  if (known === undefined) {
    const all = (await call(['api-resources', '--verbs=list,delete', '-o', 'name'])).trim().split('\n');
    // Events go by themselves, after an hour.
    known = all.filter((name) => !/^events(\.|$)/.test(name)).join(',');
    kinds.set(kubeconfigFile, known);
  }
  const columns = 'custom-columns=KIND:.kind,NS:.metadata.namespace,NAME:.metadata.name';
  const args = ['get', known, '-A', '-l', `skerry.io/owner=${owner}`, '-o', columns, '--no-headers'];
  const text = await call([...args, '--ignore-not-found']);
  return text
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => line !== '')
    .sort();
}
