import { nodeSelector, testImage } from '../cluster.ts';
import { chartFiles, writeKnf, writeNs } from './packages.ts';

/** Of a kind that nobody else has, whatever ran before. */
export interface OwnKind {
  group: string;
  plural: string;
}

export type DeletePolicy = 'kept' | 'hook-succeeded';

/** How long each hook runs: enough to be killed in the middle of it. */
export const hookSeconds = 3;

/**
 * A chart of hooks before it is installed, after it is upgraded and before it is deleted, a kind of its own in `crds/` with an
 * object of it, and a ConfigMap that stays.
 */
export function hookPackages(folder: string, { group, plural }: OwnKind): string[] {
  const policies: DeletePolicy[] = ['kept', 'hook-succeeded'];
  return policies.flatMap((policy) => {
    const templates = {
      'before.yaml': job('before', 'pre-install', policy),
      'second.yaml': job('before-too', 'pre-install', policy, 1),
      'after.yaml': job('after-upgrade', 'post-upgrade', policy),
      'farewell.yaml': job('farewell', 'pre-delete', policy),
      'main.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: main}\ndata: {greeting: {{ .Values.greeting }}}\n',
      'keepsake.yaml': keepsake,
      'greeting.yaml': `apiVersion: ${group}/v1\nkind: Greeting\nmetadata: {name: hello}\nspec: {text: {{ .Values.greeting }}}\n`,
    };
    const files = {
      ...chartFiles('hooks', templates, 'greeting: hello\n'),
      'helm-charts/hooks/crds/greeting.yaml': definition({ group, plural }),
    };
    const id = policy === 'kept' ? 'hooks' : 'hooks_gone';
    return [
      writeKnf(folder, { id: `${id}_knf`, kdu: { name: 'web', 'helm-chart': 'hooks' }, files }),
      writeNs(folder, { id: `${id}_ns`, profiles: { web: `${id}_knf` } }),
    ];
  });
}

/** A chart of a kind and an object of it: `kinds_ns` has two VNFs of it, which bring the kind at once. */
export function kindPackages(folder: string, own: OwnKind): string[] {
  const greeting = `apiVersion: ${own.group}/v1\nkind: Greeting\nmetadata: {name: hello}\nspec: {text: hello}\n`;
  const files = {
    ...chartFiles('kinds', { 'greeting.yaml': greeting }),
    'helm-charts/kinds/crds/greeting.yaml': definition(own),
  };
  return [
    writeKnf(folder, { id: 'kinds_knf', kdu: { name: 'web', 'helm-chart': 'kinds' }, files }),
    writeNs(folder, { id: 'kinds_ns', profiles: { one: 'kinds_knf', two: 'kinds_knf', three: 'kinds_knf' } }),
  ];
}

function job(name: string, event: string, policy: DeletePolicy, weight = 0): string {
  const annotations = {
    'helm.sh/hook': event,
    'helm.sh/hook-weight': String(weight),
    ...(policy === 'kept' ? {} : { 'helm.sh/hook-delete-policy': policy }),
  };
  const container = { name: 'hook', image: testImage, command: ['sleep', String(hookSeconds)] };
  const spec = {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 0,
    nodeSelector: nodeSelector(),
    tolerations: [{ operator: 'Exists' }],
    containers: [container],
  };
  return JSON.stringify({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, annotations },
    spec: { backoffLimit: 0, template: { metadata: { labels: { hook: name } }, spec } },
  });
}

const keepsake = `apiVersion: v1
kind: ConfigMap
metadata: {name: keepsake, annotations: {helm.sh/resource-policy: keep}}
data: {a: b}
`;

function definition({ group, plural }: OwnKind): string {
  const schema = { type: 'object', properties: { spec: { type: 'object', properties: { text: { type: 'string' } } } } };
  return JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind: 'Greeting', plural, singular: plural.slice(0, -1) },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  });
}
