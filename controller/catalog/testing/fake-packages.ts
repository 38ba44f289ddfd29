import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Complaint } from '#shared/descriptor/complaint.ts';
import type { NsModel } from '#shared/descriptor/ns-model.ts';
import type { DescriptorKind } from '#shared/descriptor/parsed-descriptor.ts';
import type { VnfModel } from '#shared/descriptor/vnf-model.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { ReadPackage } from '#shared/package/package-reader.ts';

/** What a fake package says of itself: its bytes are this as JSON. */
export interface FakePackage {
  kind?: DescriptorKind;
  model?: JsonObject;
  document?: JsonObject;
  files?: Record<string, string>;
  complaints?: Complaint[];
}

/** Stands in for the package reader where a test is about the catalogue: the archive is a JSON text. */
export async function readFakePackage(source: string, target: string | undefined): Promise<ReadPackage> {
  const text = await readFile(source, 'utf8');
  const fake = JSON.parse(text) as FakePackage;
  const files = { 'descriptor.yaml': `id: ${fake.kind}`, ...fake.files };
  for (const [name, content] of Object.entries(files)) {
    const place = path.join(target ?? '', name);
    await mkdir(path.dirname(place), { recursive: true });
    await writeFile(place, content);
  }
  return {
    format: 'osm-targz',
    files: Object.entries(files).map(([name, content]) => ({
      path: name,
      bytes: Buffer.byteLength(content),
      sha256: sha256(content),
    })),
    descriptorPath: 'descriptor.yaml',
    descriptor: {
      kind: fake.kind,
      document: fake.document ?? {},
      model: fake.model as unknown as VnfModel | NsModel,
      complaints: fake.complaints ?? [],
      report: { format: 'sol006', translated: [], dropped: [], tolerated: [] },
    },
    complaints: fake.complaints ?? [],
    sha256: sha256(text),
  };
}

export function fakeVnf(vnfdId: string, more: Partial<FakePackage> & { softwareVersion?: string } = {}): FakePackage {
  const { softwareVersion = '1.0', ...rest } = more;
  return {
    kind: 'vnfd',
    model: {
      vnfdId,
      provider: 'Acme',
      productName: 'Router',
      softwareVersion,
      descriptorVersion: '1.0',
      description: '',
      vdus: [],
      kdus: [],
      internalLinks: [],
      extCps: [],
      flavours: [],
      swImages: [],
    },
    document: { id: vnfdId, 'software-version': softwareVersion },
    ...rest,
  };
}

export function fakeNsd(nsdId: string, vnfdIds: string[], more: Partial<FakePackage> = {}): FakePackage {
  return {
    kind: 'nsd',
    model: {
      nsdId,
      name: nsdId,
      designer: 'Acme',
      version: '1.0',
      description: '',
      vnfdIds,
      nestedNsdIds: [],
      pnfdIds: [],
      virtualLinks: [],
      saps: [],
      flavours: [],
    },
    document: { id: nsdId },
    ...more,
  };
}

export function fakeComplaint(severity: Complaint['severity'], message: string): Complaint {
  const place = { file: 'descriptor.yaml', line: 1, column: 1, path: 'vnfd' };
  return { severity, code: 'BrokenReference', message, remedy: 'mend it', ...place };
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
