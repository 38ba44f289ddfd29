import { gunzipSync, gzipSync } from 'node:zlib';
import type { UnitKind } from '#shared/connector/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { Incarnation, ObjectKey } from '#shared/model/ids.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { KubeObject, ObjectRef } from '../objects/kube-object.ts';
import { ownerLabel, unitLabel } from '../objects/own-labels.ts';

/**
 * What the cluster itself remembers of one incarnation of a unit: a Secret beside the unit's objects, written before they are
 * touched. With it everything can be found, mended, rolled back and removed by an agent that has lost its memory.
 */
export interface UnitRecord {
  format: 1;
  key: ObjectKey;
  kind: UnitKind;
  incarnation: Incarnation;
  /** Name of the unit on the platform; label of every object. */
  unitName: string;
  namespace: string;
  /** Intent revision of the newest request. */
  revision: number;
  /** Digest of the newest spec that was asked for; what runs has `target.specDigest`. */
  askedDigest: string;
  /** Services whose addresses are wanted, as the descriptor names them. */
  services: { name: string }[];
  /** Facts that are known without looking: the name of an attachment, what a management network is. */
  extraFacts: JsonObject;
  step: UnitStep;
  /** Of the step's hooks, how many have ended; absent: none. */
  hooksDone?: number;
  /** What is being made true, or is. */
  target: Release;
  /** The last one that worked, while `target` has not shown yet that it does. */
  former?: Release;
  /** Objects of earlier targets that the present one does not have; to be removed once it is applied. */
  leftovers: ObjectRef[];
  /** `revision` could not be made true; `target` is what was there before, or what there is. */
  givenUp?: { revision: number; reason: string; isRollingBack: boolean };
  /** How far its removal has come, where hooks of the chart belong to it: none of them is run twice. */
  removal?: RemovalStage;
  /** Newest first, at most ten. */
  history: ReleaseNote[];
}

/** `before` and `after`: the hooks around applying. */
export type UnitStep = 'before' | 'applying' | 'after' | 'done';

/** Hooks before have run and objects go; hooks after run; these have run too. */
export type RemovalStage = 'objects' | 'post' | 'records';

export interface Release {
  /** Counts from 1; a rollback is a release of its own. */
  no: number;
  cause: 'install' | 'upgrade' | 'rollback';
  specDigest: string;
  objects: KubeObject[];
  hooks: KubeObject[];
  chart?: ChartFacts;
  /** Helm's view of the values, for its own tools. */
  values?: Record<string, unknown>;
  /** Per object, by `refKey`: fingerprint of the fields that were applied. Known once it works. */
  fields: Record<string, string>;
  timeoutS: number;
  /** Name of the Helm release; absent of other kinds. */
  releaseName?: string;
}

export interface ChartFacts {
  name: string;
  version: string;
  appVersion: string;
  apiVersion: string;
  description: string;
}

export interface ReleaseNote {
  no: number;
  status: 'deployed' | 'superseded' | 'failed';
  chart: string;
  appVersion: string;
  description: string;
  /** Wall clock, epoch ms. */
  at: number;
}

const recordKind = 'skerry.io/unit-record';
/** What the API server takes of one Secret, less its frame; base64 makes four of three. */
const maxPackedBytes = 720_000;
export const historyLimit = 10;

export function recordName(unitName: string): string {
  return `skerry.${unitName}`;
}

/** @throws SkerryError PlatformRefused when it is larger than a Secret can be */
export function packRecord(record: UnitRecord, owner: string): KubeObject {
  const packed = gzipSync(JSON.stringify(record));
  if (packed.length > maxPackedBytes)
    throw new SkerryError('PlatformRefused', `The objects of ${record.key} are too large for one record`, {
      details: { bytes: packed.length, limit: maxPackedBytes },
      remedy: 'Split the chart, or install its CustomResourceDefinitions apart.',
    });
  const { unitName, namespace } = record;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: recordName(unitName),
      namespace,
      labels: { [ownerLabel]: owner, [unitLabel]: unitName },
      annotations: { 'skerry.io/key': record.key, 'skerry.io/incarnation': record.incarnation },
    },
    type: recordKind,
    data: { record: packed.toString('base64') },
  };
}

/** The packed bytes of a record; undefined for any other Secret. */
export function packedRecordOf(secret: KubeObject): Buffer | undefined {
  if (secret['type'] !== recordKind) return undefined;
  const data = secret['data'] as Record<string, string> | undefined;
  const text = data?.['record'];
  if (text === undefined) return undefined;
  // Memory of its own: a small part of Node's pool would hold all 64 KiB of it as long as the unit lives.
  const packed = Buffer.allocUnsafeSlow(Buffer.byteLength(text, 'base64'));
  return packed.subarray(0, packed.write(text, 'base64'));
}

/** Somebody may have edited it: undefined when it cannot be read. */
export function unpackRecord(packed: Buffer): UnitRecord | undefined {
  try {
    const text = gunzipSync(packed, { maxOutputLength: 64 * 2 ** 20 }).toString('utf8');
    const record = JSON.parse(text) as UnitRecord;
    return record.format === 1 && typeof record.unitName === 'string' ? record : undefined;
  } catch {
    return undefined;
  }
}
