import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { create } from 'tar';
import { nodeSelector, testImage } from './cluster.ts';

export interface PackedChart {
  file: string;
  name: string;
  version: string;
}

export interface ChartOptions {
  name?: string;
  version?: string;
  /** Templates by file name; absent: one ConfigMap. */
  templates?: Record<string, string>;
  values?: string;
  /** More files of the chart, by path. */
  files?: Record<string, string>;
}

const sampleTemplate = `apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}"}
data: {greeting: "{{ .Values.greeting }}"}
`;

/** A chart's .tgz in `folder`. */
export async function packChart(folder: string, options: ChartOptions = {}): Promise<PackedChart> {
  const {
    name = 'sample',
    version = '1.0.0',
    templates = { 'sample.yaml': sampleTemplate },
    values = '',
    files = {},
  } = options;
  const root = path.join(folder, `chart-${name}-${version}`, name);
  await mkdir(path.join(root, 'templates'), { recursive: true });
  await writeFile(
    path.join(root, 'Chart.yaml'),
    `apiVersion: v2\nname: ${name}\nversion: ${version}\nappVersion: "${version}"\n`,
  );
  await writeFile(path.join(root, 'values.yaml'), values);
  for (const [file, text] of Object.entries(templates)) await writeFile(path.join(root, 'templates', file), text);
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), text);
  }
  const file = path.join(folder, `${name}-${version}.tgz`);
  await create({ gzip: true, file, cwd: path.dirname(root) }, [name]);
  return { file, name, version };
}

/** A web server that really answers, from an image with a shell. */
export const webTemplates: Record<string, string> = {
  'deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}"}
spec:
  replicas: {{ .Values.replicaCount }}
  selector: {matchLabels: {app: "{{ .Release.Name }}"}}
  template:
    metadata: {labels: {app: "{{ .Release.Name }}"}}
    spec:
      {{- with .Values.nodeSelector }}
      nodeSelector: {{ toJson . }}
      {{- end }}
      tolerations: [{operator: Exists}]
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: {{ .Values.image | quote }}
          command: [sh, -c, "mkdir -p /tmp/www && echo {{ .Values.greeting }} > /tmp/www/index.html && exec httpd -f -p 8080 -h /tmp/www"]
          readinessProbe: {httpGet: {path: /index.html, port: 8080}, periodSeconds: 1}
          resources: {requests: {cpu: 10m, memory: 8Mi}, limits: {memory: 32Mi}}
`,
  'service.yaml': `apiVersion: v1
kind: Service
metadata: {name: "{{ .Release.Name }}"}
spec:
  selector: {app: "{{ .Release.Name }}"}
  ports: [{name: http, port: 80, targetPort: 8080}]
`,
};

/** Defaults of `webTemplates`: pods on nodes that really run them. */
export function webValues(): string {
  return `replicaCount: 1\ngreeting: hello\nimage: ${testImage}\nnodeSelector: ${JSON.stringify(nodeSelector())}\n`;
}
