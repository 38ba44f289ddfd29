import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually, kubectl, tryKubectl } from './kubectl.ts';

export const manifestsFolder = fileURLToPath(new URL('../../deploy/kubernetes', import.meta.url));

/** `verb resource.group` (`get pods`, `patch deployments.apps`, `create pods/exec`), and where. */
export interface Question {
  may: string;
  namespace?: string;
  name?: string;
}

/** The manifests as they are delivered, under names of their own, so that an agent that works in the cluster is left alone. */
export class Installation {
  readonly name = `skerry-rbac-${randomBytes(3).toString('hex')}`;
  readonly user = `system:serviceaccount:${this.name}:agent`;
  readonly #applied: string[] = [];

  static async start(t: TestContext, files: readonly string[]): Promise<Installation> {
    const installation = new Installation();
    t.after(() => installation.remove());
    for (const file of files) await installation.apply(file);
    return installation;
  }

  async apply(file: string, ...options: string[]): Promise<void> {
    await this.applyText(this.renamed(readFileSync(path.join(manifestsFolder, file), 'utf8')), ...options);
  }

  /** Removed again with the rest. */
  async applyText(text: string, ...options: string[]): Promise<void> {
    this.#applied.push(text);
    await kubectl(['apply', ...options, '-f', '-'], text);
  }

  async remove(): Promise<void> {
    // Namespaces go by themselves; nothing waits for them.
    for (const text of this.#applied.reverse())
      await tryKubectl(['delete', '--ignore-not-found', '--wait=false', '-f', '-'], text);
  }

  /** The answer of the API server's own authorizer, in the order of the questions. */
  async asks(questions: readonly Question[]): Promise<boolean[]> {
    const items = questions.map(({ may, namespace, name }) => {
      const [verb = '', what = ''] = may.split(' ');
      const [resource = '', subresource] = what.split('.')[0]!.split('/');
      const group = what.split('.').slice(1).join('.');
      const resourceAttributes = { verb, group, resource, subresource, namespace, name };
      const groups = ['system:serviceaccounts', `system:serviceaccounts:${this.name}`, 'system:authenticated'];
      const spec = { user: this.user, groups, resourceAttributes };
      return { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
    });
    const list = { apiVersion: 'v1', kind: 'List', items };
    const perAnswer = 'jsonpath={.status.allowed}{"\\n"}';
    const answers = await kubectl(['create', '-o', perAnswer, '-f', '-'], JSON.stringify(list));
    return answers
      .trim()
      .split('\n')
      .map((answer) => answer === 'true');
  }

  async mayAll(questions: readonly Question[]): Promise<void> {
    const answers = await this.asks(questions);
    const refused = questions.filter((_, index) => !answers[index]);
    assert.deepEqual(refused, [], 'what the agent needs is refused');
  }

  async mayNone(questions: readonly Question[]): Promise<void> {
    const answers = await this.asks(questions);
    const allowed = questions.filter((_, index) => answers[index]);
    assert.deepEqual(allowed, [], 'what the agent must not do is allowed');
  }

  /** The sums of roles are made by a controller of the cluster. */
  async untilSummedUp(): Promise<void> {
    await eventually('the roles are summed up', async () => {
      const [first] = await this.asks([{ may: 'patch deployments.apps', namespace: `${this.name}-cnf` }]);
      return first ? true : undefined;
    });
  }

  /** As the agent, up to the point where it would be stored. */
  write(args: readonly string[], object?: object): ReturnType<typeof tryKubectl> {
    return tryKubectl([...args, '--as', this.user, '--dry-run=server'], JSON.stringify(object ?? ''));
  }

  applies(object: object): ReturnType<typeof tryKubectl> {
    return this.write(['apply', '--server-side', '--field-manager=skerry', '--force-conflicts', '-f', '-'], object);
  }

  /** Under the names of this installation. */
  renamed(text: string): string {
    return text
      .replaceAll('skerry-agent', `${this.name}-agent`)
      .replaceAll('skerry.io/agent-may', `${this.name}.skerry.io/agent-may`)
      .replaceAll('system:serviceaccount:skerry:', `system:serviceaccount:${this.name}:`)
      .replaceAll("'skerry']", `'${this.name}']`)
      .replaceAll(/^( +)(name|namespace): skerry$/gm, `$1$2: ${this.name}`)
      .replaceAll(/^( +)(name|namespace): cnf$/gm, `$1$2: ${this.name}-cnf`);
  }
}
