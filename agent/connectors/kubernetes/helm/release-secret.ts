import { gzipSync } from 'node:zlib';
import type { KubeObject } from '../objects/kube-object.ts';
import { ownerLabel, unitLabel } from '../objects/own-labels.ts';
import type { Release, ReleaseNote, UnitRecord } from '../units/unit-record.ts';

/**
 * The record that Helm's own tools read: `helm list`, `status`, `history`, `get manifest`, `rollback` show what Skerry made.
 * Format: Helm's storage driver `secret` (gzip of JSON, in base64, in the Secret's base64).
 */
export function helmSecret(
  record: UnitRecord,
  release: Release,
  note: ReleaseNote,
  owner: string,
): KubeObject | undefined {
  const { releaseName } = release;
  if (releaseName === undefined) return undefined;
  const at = new Date(note.at).toISOString();
  const first = new Date(record.history.at(-1)?.at ?? note.at).toISOString();
  const content = {
    name: releaseName,
    info: { first_deployed: first, last_deployed: at, deleted: '', description: note.description, status: note.status },
    chart: { metadata: { ...release.chart, type: 'application' }, lock: null, templates: [], values: {}, files: [] },
    config: release.values ?? {},
    manifest: release.objects.map((object) => `---\n${JSON.stringify(object)}\n`).join(''),
    hooks: release.hooks.map((hook) => ({
      name: hook.metadata.name,
      kind: hook.kind,
      path: '',
      manifest: JSON.stringify(hook),
      events: (hook.metadata.annotations?.['helm.sh/hook'] ?? '').split(',').map((event) => event.trim()),
    })),
    version: note.no,
    namespace: record.namespace,
  };
  const packed = gzipSync(JSON.stringify(content)).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: helmSecretName(releaseName, note.no),
      namespace: record.namespace,
      labels: {
        owner: 'helm',
        name: releaseName,
        status: note.status,
        version: String(note.no),
        modifiedAt: String(Math.floor(note.at / 1000)),
        [ownerLabel]: owner,
        [unitLabel]: record.unitName,
      },
    },
    type: 'helm.sh/release.v1',
    data: { release: Buffer.from(packed).toString('base64') },
  };
}

export function helmSecretName(releaseName: string, no: number): string {
  return `sh.helm.release.v1.${releaseName}.v${no}`;
}
