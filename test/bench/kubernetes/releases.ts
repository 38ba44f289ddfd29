import { packChart } from '../../kubernetes/charts.ts';
import type { Chart, KubernetesRig } from './rig.ts';

/** Of every release that `twentyObjects` renders. */
export const objectsPerRelease = 20;

/** What a network function's chart is made of, without pods: the time of pods is the cluster's, not ours. */
const templates = {
  'config.yaml': repeated(9, 'v1', 'ConfigMap', (n) => `data: {file-${n}: "{{ .Values.greeting }}", level: "${n}"}`),
  'secrets.yaml': repeated(4, 'v1', 'Secret', (n) => `stringData: {password: "of {{ .Release.Name }} ${n}"}`),
  'accounts.yaml': repeated(2, 'v1', 'ServiceAccount', () => 'automountServiceAccountToken: false'),
  'services.yaml': repeated(
    3,
    'v1',
    'Service',
    (n) => `spec: {selector: {app: "{{ .Release.Name }}"}, ports: [{name: http, port: ${8000 + n}}]}`,
  ),
  'deployments.yaml': repeated(2, 'apps/v1', 'Deployment', (n) => {
    const labels = `{app: "{{ .Release.Name }}", part: "${n}"}`;
    const pod = `{metadata: {labels: ${labels}}, spec: {containers: [{name: main, image: "lab.local/none:1"}]}}`;
    return `spec: {replicas: 0, selector: {matchLabels: ${labels}}, template: ${pod}}`;
  }),
};

export async function twentyObjects(rig: KubernetesRig): Promise<Chart> {
  const { file } = await packChart(rig.home, { name: 'bench', templates, values: 'greeting: hello\n' });
  return rig.addChart(file);
}

function repeated(count: number, apiVersion: string, kind: string, body: (n: number) => string): string {
  const name = (n: number) => `"{{ .Release.Name }}-${kind.toLowerCase()}-${n}"`;
  return Array.from(
    { length: count },
    (_, n) => `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name(n)}}\n${body(n)}\n`,
  ).join('---\n');
}
