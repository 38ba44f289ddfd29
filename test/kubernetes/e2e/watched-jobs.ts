import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import type { TestCluster } from '../cluster.ts';

/** Every Job that was ever made in a namespace, by name: how many there were, whoever removed them. */
export class WatchedJobs {
  readonly #uids = new Map<string, Set<string>>();

  constructor(test: TestContext, cluster: TestCluster, namespace: string) {
    const columns = 'jsonpath={.object.metadata.name} {.object.metadata.uid}{"\\n"}';
    const args = ['--kubeconfig', cluster.file, 'get', 'jobs', '-n', namespace];
    const child = spawn('kubectl', [...args, '--watch', '--output-watch-events', '-o', columns], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [name = '', uid = ''] = line.split(' ');
      this.#uids.set(name, (this.#uids.get(name) ?? new Set()).add(uid));
    });
    test.after(() => {
      child.kill();
    });
  }

  counts(): Record<string, number> {
    return Object.fromEntries([...this.#uids].map(([name, uids]) => [name, uids.size]).sort());
  }
}
