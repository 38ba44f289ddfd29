import type { JsonObject } from '../model/json.ts';
import { checkNsd } from './checks/check-nsd.ts';
import { checkNst } from './checks/check-nst.ts';
import { checkVnfd } from './checks/check-vnfd.ts';
import { translateLegacy } from './legacy/translate-legacy.ts';
import { buildNsModel } from './model/build-ns-model.ts';
import { buildVnfModel } from './model/build-vnf-model.ts';
import type { NsModel } from './ns-model.ts';
import type { DescriptorKind, ParsedDescriptor } from './parsed-descriptor.ts';
import { type FoundDescriptor, findDescriptors } from './reading/envelope.ts';
import { Reading } from './reading/reading.ts';
import { SchemaWalk } from './reading/walk.ts';
import { descriptorSchemas } from './schema/index.ts';
import { decodeText } from './text/decode-text.ts';
import { LineIndex } from './text/line-index.ts';
import type { LocatedNode, MapNode } from './text/located-node.ts';
import { readXml } from './text/read-xml.ts';
import { readYaml } from './text/read-yaml.ts';
import type { TextFault } from './text/text-fault.ts';
import type { VnfModel } from './vnf-model.ts';

/** Several times the largest real one; more would hold up whoever waits for the parser. */
export const maxDescriptorChars = 2 ** 20;

/**
 * Reads a VNFD, NSD, PNFD or NST in YAML, JSON or XML under any envelope, SOL006 2.6.1 to 4.3.1 with OSM's augments, or the
 * format from before SOL006, which is translated. Never throws: all that is wrong stands in `complaints`.
 * Where a text holds several descriptors, an NSD leads and the rest stand in `others`.
 */
export function parseDescriptor(text: string | Uint8Array, file: string): ParsedDescriptor {
  const decoded = decodeText(text, maxDescriptorChars);
  const reading = new Reading(file, new LineIndex(decoded.text));
  if (decoded.fault !== undefined) return failed(reading, [decoded.fault]);
  const isXml = /^\s*</.test(decoded.text);
  const { root, faults } = isXml ? readXml(decoded.text) : readYaml(decoded.text);
  if (root === undefined || faults.some((fault) => fault.code !== 'DuplicateKey')) {
    const empty = { code: 'NotADescriptor', offset: 0, message: 'the file is empty', remedy: 'write a descriptor' };
    return failed(reading, faults.length === 0 ? [empty] : faults);
  }
  for (const fault of faults) complain(reading, fault);
  return assemble(root, reading, isXml);
}

function assemble(root: LocatedNode, reading: Reading, isXml: boolean): ParsedDescriptor {
  const found = findDescriptors(root, reading);
  const read = found.map((descriptor) => readOne(descriptor, reading, isXml));
  const complaints = reading.inOrder();
  const hasErrors = complaints.some(({ severity }) => severity === 'error');
  const parsed = read.map(({ descriptor, document, format }): ParsedDescriptor => {
    const model = hasErrors ? undefined : buildModel(descriptor.kind, document);
    const locate = reading.locate.bind(reading);
    return { kind: descriptor.kind, document, model, complaints, report: reading.report(format), locate };
  });
  const leading = parsed.find(({ kind }) => kind === 'nsd') ?? parsed[0];
  if (leading === undefined) return failed(reading, []);
  const others = parsed.filter((each) => each !== leading);
  return others.length === 0 ? leading : { ...leading, others };
}

interface ReadDocument {
  descriptor: FoundDescriptor;
  document: JsonObject;
  format: string;
}

function readOne(descriptor: FoundDescriptor, reading: Reading, isXml: boolean): ReadDocument {
  const { kind, isLegacy } = descriptor;
  const node: MapNode = isLegacy ? translateLegacy(kind, descriptor.node, reading, descriptor.path) : descriptor.node;
  const walk = new SchemaWalk(reading, { isListImplicit: isXml, isLegacy });
  const document = walk.descriptor(node, descriptorSchemas[kind], isLegacy ? kind : descriptor.path);
  if (kind === 'vnfd') checkVnfd(document, reading);
  if (kind === 'nsd') checkNsd(document, reading);
  if (kind === 'nst') checkNst(document, reading);
  return { descriptor, document, format: isLegacy ? 'legacy-osm' : formatOf(document) };
}

const osmFields = [
  'mgmt-cp',
  'kdu',
  'k8s-cluster',
  'mgmt-network',
  'virtual-interface',
  'cloud-init',
  'cloud-init-file',
  'day1-2',
];

function formatOf(document: JsonObject): string {
  const text = JSON.stringify(document);
  return osmFields.some((field) => text.includes(`"${field}":`)) ? 'sol006-osm' : 'sol006';
}

function buildModel(kind: DescriptorKind, document: JsonObject): VnfModel | NsModel | undefined {
  if (kind === 'vnfd') return buildVnfModel(document);
  if (kind === 'nsd') return buildNsModel(document);
  return undefined;
}

function failed(reading: Reading, faults: TextFault[]): ParsedDescriptor {
  for (const fault of faults) complain(reading, fault);
  const complaints = reading.inOrder();
  return { kind: undefined, document: undefined, model: undefined, complaints, report: reading.report('unknown') };
}

function complain(reading: Reading, { offset, code, message, remedy }: TextFault): void {
  reading.complainAt('error', '', offset, { code, message, remedy });
}
