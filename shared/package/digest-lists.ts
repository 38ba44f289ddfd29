import { posix } from 'node:path';
import type { Complaint } from '../descriptor/complaint.ts';
import { packageComplaint } from './package-fault.ts';
import type { UnpackedFile } from './unpacking.ts';

type Files = ReadonlyMap<string, UnpackedFile>;

/**
 * OSM's checksums.txt: `md5<blank>folder/path`, often out of step with the files: what it lists and is not there only matters where
 * the descriptor names it. In a folder that is being edited a stale digest is only a warning too.
 */
export function checkChecksums(path: string, text: string, files: Files, isFolder: boolean): Complaint[] {
  const severity = isFolder ? 'warning' : 'error';
  const complaints: Complaint[] = [];
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const match = /^([0-9a-f]{32})\s+\*?(.+?)\s*$/i.exec(line);
    if (match === null) continue;
    const [, expected = '', stated = ''] = match;
    const found = locate(stated, files);
    const place = { line: at + 1, column: 1 };
    if (found === undefined) {
      const message = `'${stated.slice(0, 200)}' is listed, but not in the package`;
      const remedy = 'add the file or remove the line';
      complaints.push({ ...packageComplaint('warning', 'MissingFile', path, message, remedy), ...place });
    } else if (found.path !== path && found.digests['md5'] !== expected.toLowerCase()) {
      const message = `the MD5 of '${found.path}' is ${found.digests['md5']}, not ${expected}`;
      const remedy = 'build checksums.txt anew, or restore the file';
      complaints.push({ ...packageComplaint(severity, 'DigestMismatch', path, message, remedy), ...place });
    }
  }
  return complaints;
}

/** With or without the package's own folder in front. */
function locate(stated: string, files: Files): UnpackedFile | undefined {
  const path = posix.normalize(stated.replace(/^\.\//, ''));
  return files.get(path) ?? files.get(path.slice(path.indexOf('/') + 1));
}

const algorithms: Record<string, string> = { sha256: 'sha256', sha512: 'sha512', md5: 'md5' };

/**
 * Digest blocks (`Source:` or `Name:`, `Algorithm:`, `Hash:`) of a SOL004 manifest or a TOSCA.meta. A CMS signature behind them is
 * reported as not verified.
 */
export function checkDigestBlocks(path: string, text: string, files: Files): Complaint[] {
  const complaints: Complaint[] = [];
  let source: string | undefined;
  let algorithm = '';
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.startsWith('-----BEGIN CMS')) {
      complaints.push({ ...unverifiedSignature(path), line: at + 1, column: 1 });
      break;
    }
    const match = /^\s*-?\s*([A-Za-z-]+)\s*:\s*(.*?)\s*$/.exec(line);
    const [field = '', value = ''] = [match?.[1]?.toLowerCase(), match?.[2]];
    if (field === 'source' || field === 'name') source = value;
    else if (field === 'algorithm') algorithm = value;
    else if (field === 'hash' && source !== undefined) {
      const complaint = checkDigest(path, { source, algorithm, hash: value }, files);
      if (complaint !== undefined) complaints.push({ ...complaint, line: at + 1, column: 1 });
      source = undefined;
    }
  }
  return complaints;
}

function checkDigest(
  path: string,
  stated: { source: string; algorithm: string; hash: string },
  files: Files,
): Complaint | undefined {
  const { source, hash } = stated;
  const shown = source.slice(0, 200);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(source)) {
    return packageComplaint(
      'warning',
      'NotVerified',
      path,
      `'${shown}' lies elsewhere`,
      'it is not fetched or verified',
    );
  }
  const file = files.get(posix.normalize(source));
  if (file === undefined) {
    return packageComplaint(
      'error',
      'MissingFile',
      path,
      `'${shown}' is listed, but not in the package`,
      'add the file',
    );
  }
  const name = algorithms[stated.algorithm.toLowerCase().replace('-', '')] ?? '';
  const digest = file.digests[name];
  if (digest === undefined) {
    const message = `the algorithm '${stated.algorithm.slice(0, 40)}' of '${shown}' is not supported`;
    return packageComplaint('warning', 'NotVerified', path, message, 'use SHA-256 or SHA-512');
  }
  if (digest === hash.toLowerCase()) return undefined;
  const message = `the ${stated.algorithm} of '${shown}' is ${digest}, not ${hash.slice(0, 128)}`;
  return packageComplaint('error', 'DigestMismatch', path, message, 'build the manifest anew, or restore the file');
}

export function unverifiedSignature(path: string): Complaint {
  const message = 'a CMS signature is present and was not verified';
  return packageComplaint(
    'warning',
    'SignatureNotVerified',
    path,
    message,
    'check it with your own tools if you rely on it',
  );
}

/** `Entry-Definitions` and `ETSI-Entry-Manifest` (also without the prefix) of a TOSCA.meta. */
export function readToscaMeta(text: string): { entryDefinitions?: string; manifest?: string } {
  const field = (pattern: RegExp) => pattern.exec(text)?.[1]?.trim();
  const entryDefinitions = field(/^Entry-Definitions\s*:\s*(.+)$/im);
  const manifest = field(/^(?:ETSI-)?Entry-Manifest\s*:\s*(.+)$/im);
  return {
    ...(entryDefinitions === undefined ? {} : { entryDefinitions: posix.normalize(entryDefinitions) }),
    ...(manifest === undefined ? {} : { manifest: posix.normalize(manifest) }),
  };
}
