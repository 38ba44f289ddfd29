import type { Resources } from '#shared/connector/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { JsonObject, JsonValue } from '#shared/model/json.ts';

/** Settings of an infra of kind `simulated`. */
export interface SimulatedSettings {
  capacity: Resources;
  /** Each call takes this long. */
  callMs: number;
  /** From a create to ready: computes and releases. */
  bootMs: number;
  /** Told in the manifest. */
  settleMs: number;
  canUpdateInPlace: boolean;
  /** Images that exist; undefined: any name does. */
  images: string[] | undefined;
  zones: string[];
  /** What one pod of a release takes. */
  pod: Resources;
}

const defaultCapacity: Resources = { vcpus: 64, memoryMib: 262_144, storageGib: 4096 };

/**
 * `{capacity: {vcpus, memoryMib, storageGib}, latencyMs: number | {call, boot}, images: '*' | [name], zones, settleMs, pod}`.
 * @throws SkerryError PlatformRefused that names what is wrong
 */
export function parseSimulatedSettings(settings: JsonObject): SimulatedSettings {
  const latency = settings['latencyMs'];
  const both = typeof latency === 'number' ? latency : undefined;
  const parts = isObject(latency) ? latency : {};
  return {
    capacity: resources(settings['capacity'], 'capacity', defaultCapacity),
    callMs: amount(both ?? parts['call'], 'latencyMs.call', 0),
    bootMs: amount(both ?? parts['boot'], 'latencyMs.boot', 0),
    settleMs: amount(settings['settleMs'], 'settleMs', 0),
    canUpdateInPlace: settings['updateInPlace'] !== false,
    images: texts(settings['images'] === '*' ? undefined : settings['images'], 'images'),
    zones: texts(settings['zones'], 'zones') ?? ['nova'],
    pod: resources(settings['pod'], 'pod', { vcpus: 0, memoryMib: 0, storageGib: 0 }),
  };
}

function resources(value: JsonValue | undefined, name: string, otherwise: Resources): Resources {
  if (value === undefined) return otherwise;
  if (!isObject(value)) throw wrong(name, 'an object');
  return {
    vcpus: amount(value['vcpus'], `${name}.vcpus`, otherwise.vcpus),
    memoryMib: amount(value['memoryMib'], `${name}.memoryMib`, otherwise.memoryMib),
    storageGib: amount(value['storageGib'], `${name}.storageGib`, otherwise.storageGib),
  };
}

function amount(value: JsonValue | undefined, name: string, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value !== 'number' || !(value >= 0) || value > 1e12) throw wrong(name, 'a number that is not negative');
  return value;
}

function texts(value: JsonValue | undefined, name: string): string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw wrong(name, 'a list of texts');
  return value as string[];
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(name: string, wanted: string): SkerryError {
  return new SkerryError('PlatformRefused', `Setting ${name} of a simulated infra must be ${wanted}`, {
    remedy: `Correct ${name} in the infra's settings.`,
  });
}
