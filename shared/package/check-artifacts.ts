import { posix } from 'node:path';
import { namedFiles } from '../descriptor/checks/check-vnfd.ts';
import type { Complaint } from '../descriptor/complaint.ts';
import { objectsField, textField } from '../descriptor/document-fields.ts';
import type { ParsedDescriptor } from '../descriptor/parsed-descriptor.ts';
import type { JsonObject } from '../model/json.ts';

const folders = {
  'cloud-init': ['cloud_init', 'Scripts/cloud_init', ''],
  charm: ['charms', 'Scripts/charms'],
  // OSM's LCM looks for charts of Helm v3 in the second.
  'helm-chart': ['helm-charts', 'helm-chart-v3s', 'Scripts/helm-charts'],
  'juju-bundle': ['juju-bundles', 'Scripts/juju-bundles'],
} as const;

export type ArtifactKind = keyof typeof folders;

/**
 * Where a file or folder that a descriptor names lies in its package (OSM's and SOL004's folders), relative to the package's root;
 * undefined when it is not there. `descriptorPath` and `paths` are those of ReadPackage.
 */
export function artifactPath(
  kind: ArtifactKind,
  name: string,
  descriptorPath: string,
  paths: Iterable<string>,
): string | undefined {
  if (name.split('/').includes('..')) return undefined;
  const base = posix.dirname(descriptorPath);
  const near = base.split('/').includes('Definitions') ? ['.', base] : [base, '.'];
  const roots = [...near, 'Files', 'Artifacts', 'Files/Scripts'];
  const endings = kind === 'helm-chart' ? ['', '.tgz', '.tar.gz'] : kind === 'charm' ? ['', '.charm'] : [''];
  const known = new Set(paths);
  for (const root of new Set(roots)) {
    for (const folder of folders[kind]) {
      for (const ending of endings) {
        const path = posix.join(root, folder, name + ending);
        if (known.has(path)) return path;
        for (const each of known) if (each.startsWith(`${path.replace(/\/$/, '')}/`)) return path;
      }
    }
  }
  return undefined;
}

/** Cloud-init files and charms that a VNFD names must be in its package; charts and bundles may also come from a repository. */
export function checkArtifacts(parsed: ParsedDescriptor, descriptorPath: string, paths: string[]): Complaint[] {
  if (parsed.kind !== 'vnfd' || parsed.document === undefined) return [];
  const check = new ArtifactCheck(parsed, descriptorPath, paths);
  check.files(parsed.document);
  check.charts(parsed.document);
  return check.complaints;
}

class ArtifactCheck {
  readonly complaints: Complaint[] = [];
  readonly #parsed: ParsedDescriptor;
  readonly #descriptorPath: string;
  readonly #paths: string[];

  constructor(parsed: ParsedDescriptor, descriptorPath: string, paths: string[]) {
    this.#parsed = parsed;
    this.#descriptorPath = descriptorPath;
    this.#paths = paths;
  }

  files(vnfd: JsonObject): void {
    for (const { holder, field, name, kind } of namedFiles(vnfd)) {
      // A charm may also come from a store; a legacy package was completed by a build step.
      if (kind === 'charm' && /^[a-z]+:/.test(name)) continue;
      if (artifactPath(kind, name, this.#descriptorPath, this.#paths) !== undefined) continue;
      const isLeniently = kind === 'charm' && this.#parsed.report.format === 'legacy-osm';
      this.#complain(isLeniently ? 'warning' : 'error', holder, field, `the ${kind} '${name}' is not in the package`, [
        `add ${folders[kind][0]}/${name}`,
      ]);
    }
  }

  charts(vnfd: JsonObject): void {
    for (const kdu of objectsField(vnfd, 'kdu')) {
      for (const kind of ['helm-chart', 'juju-bundle'] as const) {
        const name = textField(kdu, kind);
        const isElsewhere = name === undefined || name.includes('/') || name.includes(':');
        if (isElsewhere || artifactPath(kind, name, this.#descriptorPath, this.#paths) !== undefined) continue;
        this.#complain(
          'warning',
          kdu,
          kind,
          `the ${kind} '${name}' is neither in the package nor in a named repository`,
          [`add ${folders[kind][0]}/${name}`, 'or name it repository/chart'],
        );
      }
    }
  }

  #complain(severity: Complaint['severity'], holder: object, field: string, message: string, remedies: string[]): void {
    const place = this.#parsed.locate?.(holder, field) ?? {
      file: this.#descriptorPath,
      line: 0,
      column: 0,
      path: field,
    };
    this.complaints.push({ severity, code: 'MissingFile', ...place, message, remedy: remedies.join(' ') });
  }
}
