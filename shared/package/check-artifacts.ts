import { namedFiles } from '../descriptor/checks/check-vnfd.ts';
import type { Complaint } from '../descriptor/complaint.ts';
import { objectsField, textField } from '../descriptor/document-fields.ts';
import type { ParsedDescriptor } from '../descriptor/parsed-descriptor.ts';
import type { JsonObject } from '../model/json.ts';
import { artifactFolders, artifactPath } from './artifact-path.ts';

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
        `add ${artifactFolders[kind][0]}/${name}`,
      ]);
    }
  }

  charts(vnfd: JsonObject): void {
    for (const kdu of objectsField(vnfd, 'kdu')) {
      const folder = textField(kdu, 'manifests');
      if (folder !== undefined && artifactPath('manifests', folder, this.#descriptorPath, this.#paths) === undefined) {
        this.#complain('error', kdu, 'manifests', `the folder '${folder}' is not in the package`, [`add ${folder}`]);
      }
      for (const kind of ['helm-chart', 'juju-bundle'] as const) {
        const name = textField(kdu, kind);
        const isElsewhere = name === undefined || name.includes('/') || name.includes(':');
        if (isElsewhere || artifactPath(kind, name, this.#descriptorPath, this.#paths) !== undefined) continue;
        this.#complain(
          'warning',
          kdu,
          kind,
          `the ${kind} '${name}' is neither in the package nor in a named repository`,
          [`add ${artifactFolders[kind][0]}/${name}`, 'or name it repository/chart'],
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
