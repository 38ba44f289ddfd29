import { isIP } from 'node:net';
import type { JsonValue } from '../../model/json.ts';
import type { LeafType } from '../schema/index.ts';
import type { ScalarNode } from '../text/located-node.ts';
import { didYouMean } from './did-you-mean.ts';
import type { Finding } from './reading.ts';

export interface LeafOutcome {
  value: JsonValue;
  /** Wrong beyond tolerance. */
  error?: Finding;
  warning?: Finding;
  /** Read in another way than it was written. */
  tolerated?: string;
}

const identities: Record<string, string[]> = {
  'address-type': ['ip-address', 'mac-address'],
  'checksum-algorithm': ['sha-224', 'sha-256', 'sha-384', 'sha-512', 'md5', 'sha256', 'sha512'],
  'cp-role': ['leaf', 'root'],
  'forwarding-behaviour': ['all', 'lb'],
  'layer-protocol': ['ethernet', 'ipv4', 'ipv6', 'mpls', 'odu2', 'pseudo-wire'],
  'storage-type': [
    'block',
    'file',
    'object',
    'root-storage',
    'swap-storage',
    'ephemeral-storage',
    'persistent-storage',
  ],
  'supported-operation': [
    'change-vnf-flavour',
    'heal-vnf',
    'instantiate-vnf',
    'modify-vnf-information',
    'operate-vnf',
    'query-vnf',
    'scale-vnf',
    'scale-vnf-to-level',
    'terminate-vnf',
  ],
  'vip-function': ['high-availability', 'load-balancing'],
  'vnic-type': ['bare-metal', 'direct', 'direct-physical', 'normal', 'smart-nic', 'virtio', 'virtio-forwarder'],
};

/** What the text of a scalar means for its schema type (RFC 7951, with the leniency of the field). */
export function leafValue(node: ScalarNode, type: LeafType): LeafOutcome {
  switch (type.base) {
    case 'string':
    case 'text':
    case 'any':
      return { value: node.text };
    case 'boolean':
      return booleanValue(node.text);
    case 'enum':
      return enumValue(node.text, type.values);
    case 'identity':
      return identityValue(node.text, type.values[0] ?? '');
    case 'ip':
      return ipValue(node.text);
    default:
      return numberValue(node.text, type);
  }
}

function booleanValue(text: string): LeafOutcome {
  const word = text.trim().toLowerCase();
  const value = ['true', 'yes', 'on', '1'].includes(word);
  if (!value && !['false', 'no', 'off', '0'].includes(word)) {
    return { value: text, error: wrongType(text, 'true or false') };
  }
  return text === 'true' || text === 'false' ? { value } : { value, tolerated: `'${text}' was read as ${value}` };
}

/** Decimal, hexadecimal (RFC 7950 clause 9.2.1) or grouped as YAML 1.1 has it. */
const wholeNumber = /^(?:[+-]?\d+(?:\.0*)?|0x[0-9a-f]+|\d{1,3}(?:_\d{3})+)$/i;

function numberValue(text: string, type: LeafType): LeafOutcome {
  const isInteger = type.base !== 'decimal';
  const pattern = isInteger ? wholeNumber : /^[+-]?(?:\d+\.?\d*|\.\d+)$/;
  const trimmed = text.trim();
  if (!pattern.test(trimmed)) {
    return { value: text, error: wrongType(text, isInteger ? 'a whole number' : 'a number') };
  }
  const value = Number(trimmed.replaceAll('_', ''));
  const maximum = Math.min(type.maximum, Number.MAX_SAFE_INTEGER);
  if (value < type.minimum || value > maximum) {
    const finding: Finding = {
      code: 'OutOfRange',
      message: `${shown(text)} is out of range`,
      remedy: `give a number from ${type.minimum} to ${maximum}`,
    };
    return { value, error: finding };
  }
  const isOdd = isInteger && !/^-?\d+$/.test(trimmed);
  return isOdd ? { value, tolerated: `'${trimmed}' was read as ${value}` } : { value };
}

function enumValue(text: string, values: string[]): LeafOutcome {
  if (values.includes(text)) return { value: text };
  const near = didYouMean(text, values);
  return {
    value: text,
    error: {
      code: 'BadEnum',
      message: `${shown(text)} is not one of ${values.join(', ')}`,
      remedy: near === undefined ? 'use one of them' : `did you mean '${near}'`,
    },
  };
}

/** Identities can be added by other modules, so an unknown one is only a warning. */
function identityValue(text: string, base: string): LeafOutcome {
  const name = text.slice(text.lastIndexOf(':') + 1);
  const values = identities[base] ?? [];
  if (values.includes(name)) return { value: name };
  const same = values.find((value) => value.toLowerCase() === name.toLowerCase());
  if (same !== undefined) return { value: same, tolerated: `'${text}' was read as ${same}` };
  const near = didYouMean(name, values);
  return {
    value: name,
    warning: {
      code: 'UnknownIdentity',
      message: `${shown(text)} is not a known ${base}`,
      remedy: near === undefined ? `known are ${values.join(', ')}` : `did you mean '${near}'`,
    },
  };
}

function ipValue(text: string): LeafOutcome {
  return isIP(text.trim()) === 0 ? { value: text, error: wrongType(text, 'an IP address') } : { value: text.trim() };
}

function wrongType(text: string, expected: string): Finding {
  return { code: 'WrongType', message: `${shown(text)} is not ${expected}`, remedy: `write ${expected}` };
}

/** For messages: one line, not too long. */
export function shown(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return `'${line.length > 60 ? `${line.slice(0, 57)}…` : line}'`;
}
