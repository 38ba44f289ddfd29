import { nodeSelector, testImage } from '../cluster.ts';

/** A web server without a chart: as manifests, or as a base that Kustomize changes. */
export function plainFolder(kind: 'plain' | 'kustomized'): Record<string, string> {
  const image = kind === 'plain' ? testImage : 'to-be-replaced';
  const manifests = [deployment(image, 'plain'), service];
  const text = manifests.map((object) => JSON.stringify(object, null, 2)).join('\n---\n');
  if (kind === 'plain') return { 'manifests/web.yaml': text };
  const [newName = '', newTag = ''] = split(testImage);
  const kustomization = {
    resources: ['web.yaml'],
    images: [{ name: image, newName, newTag }],
    patches: [
      {
        target: { kind: 'Deployment', name: 'web' },
        patch: JSON.stringify([
          { op: 'replace', path: '/spec/template/spec/containers/0/env/0/value', value: 'kustomized' },
        ]),
      },
    ],
  };
  return { 'manifests/web.yaml': text, 'manifests/kustomization.yaml': JSON.stringify(kustomization, null, 2) };
}

function split(image: string): string[] {
  const colon = image.lastIndexOf(':');
  return [image.slice(0, colon), image.slice(colon + 1)];
}

function deployment(image: string, greeting: string): object {
  const command = 'mkdir -p /tmp/www && echo "$GREETING" > /tmp/www/index.html && exec httpd -f -p 8080 -h /tmp/www';
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          nodeSelector: nodeSelector(),
          tolerations: [{ operator: 'Exists' }],
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: 'web',
              image,
              command: ['sh', '-c', command],
              env: [{ name: 'GREETING', value: greeting }],
              readinessProbe: { httpGet: { path: '/index.html', port: 8080 }, periodSeconds: 1 },
              resources: { requests: { cpu: '10m', memory: '8Mi' }, limits: { memory: '32Mi' } },
            },
          ],
        },
      },
    },
  };
}

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
};
