import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { parseAllDocuments } from 'yaml';

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}
interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  rules?: Rule[];
  roleRef?: { name: string };
}

function read(file: string): Manifest[] {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

const whole = read('rbac.yaml');
const namespaced = read('rbac-namespaced.yaml');
const options = read('rbac-options.yaml');
const nameOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata.name}`;

test('both modes have the same roles; only where they hold differs', () => {
  const inWhole = new Map(whole.map((manifest) => [nameOf(manifest), manifest]));
  const own = [
    'Namespace cnf',
    'RoleBinding skerry-agent',
    'Role skerry-agent-plugins',
    'RoleBinding skerry-agent-plugins',
  ];
  for (const manifest of namespaced) {
    if (own.includes(nameOf(manifest))) continue;
    assert.deepEqual(manifest, inWhole.get(nameOf(manifest)), nameOf(manifest));
  }
  const bound = namespaced.filter(({ kind }) => kind === 'ClusterRoleBinding').map(({ roleRef }) => roleRef?.name);
  assert.deepEqual(bound, ['skerry-agent-facts']);
});

test('nothing is granted by a star, and nothing that leads to more rights', () => {
  for (const manifest of [...whole, ...namespaced, ...options])
    for (const { apiGroups, resources, verbs } of manifest.rules ?? []) {
      const words = [...apiGroups, ...resources, ...verbs];
      for (const word of ['*', 'escalate', 'bind', 'impersonate', 'approve', 'sign', 'deletecollection'])
        assert.ok(!words.includes(word), `${nameOf(manifest)} grants ${word}`);
      const doors = resources.filter((resource) => /\/(exec|attach|portforward|proxy|token|approval)$/.test(resource));
      assert.deepEqual(doors, [], nameOf(manifest));
    }
});

test('an option is chosen by its label, and adds to one of the two sums', () => {
  for (const { metadata } of options) {
    const { labels = {} } = metadata;
    assert.equal(metadata.name, `skerry-agent-may-${labels['skerry.io/option']}`);
    assert.match(labels['skerry.io/agent-may'] ?? '', /^(workloads|cluster)$/);
  }
});
