import type { MonitorSpec } from '#shared/connector/index.ts';
import { ok, type Result } from '#shared/errors/index.ts';
import type { InfraId, ObjectKey } from '#shared/model/ids.ts';
import type { JsonObject, JsonValue } from '#shared/model/json.ts';
import type { KduDesired, VnfDesired } from '#shared/model/ns-lcm.ts';
import { isObject, type KduKind, kduParams, presentKduKind } from './kdu-source.ts';
import type { UnitDraft } from './new-object.ts';
import { unprocessable } from './unprocessable.ts';

/** `additionalParamsForKdu[].monitor`: how a KDU's metrics are scraped. */
export interface KduMonitor {
  /** Name of the port. */
  port: string;
  path?: string;
  intervalS?: number;
  target: MonitorSpec['target'];
  /** Absent: what the release's objects are labelled with by convention. */
  selector?: Record<string, string>;
}

const members = ['port', 'path', 'intervalS', 'target', 'selector'];
const portPattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** Values of labels, and names of them behind the prefix. */
const labelPattern = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const prefixPattern = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const mostLabels = 20;
const longestPath = 1_024;
const longestIntervalS = 86_400;

/** What a request says of a KDU's monitor; undefined when it says nothing. */
export function kduMonitor(
  params: JsonObject,
  { kduName, kind }: { kduName: string; kind: KduKind },
): Result<KduMonitor | undefined> {
  const input = kduParams(params, kduName)['monitor'];
  if (input === undefined || input === null) return ok(undefined);
  const [complaint, remedy] = complaintAbout(input, kind);
  if (complaint !== undefined)
    return unprocessable(
      `monitor of KDU ${kduName}: ${complaint}`,
      `additionalParamsForKdu/${kduName}/monitor`,
      remedy,
    );
  return ok({ target: 'service', ...(input as unknown as Partial<KduMonitor>) } as KduMonitor);
}

function complaintAbout(input: JsonValue, kind: KduKind): [complaint?: string, remedy?: string] {
  if (!isObject(input))
    return ['it is no object', 'Give {port: NAME}, and path, intervalS, target, selector if need be.'];
  const stray = Object.keys(input).find((name) => !members.includes(name));
  if (stray !== undefined) return [`${stray} is not known`, `It takes ${members.join(', ')}.`];
  const { port, path, intervalS, target = 'service', selector } = input;
  if (typeof port !== 'string' || !portPattern.test(port))
    return [
      'port is missing, or no name of a port',
      'Give the name that the Service or the pod gives the port, not its number.',
    ];
  if (path !== undefined && !isPath(path)) return ['path is no path', 'It begins with /, as /metrics does.'];
  if (intervalS !== undefined && !isInterval(intervalS))
    return [`intervalS is no number of seconds from 1 to ${longestIntervalS}`];
  if (target !== 'service' && target !== 'pod') return ['target is neither service nor pod'];
  if (selector !== undefined && !isSelector(selector))
    return [`selector is no object of 1 to ${mostLabels} labels`, 'Give labels that the Services or pods carry.'];
  if (selector === undefined && kind === 'manifests')
    return [
      'selector is missing: nothing labels the objects of manifests by itself',
      'Give labels that the Services or pods carry.',
    ];
  return [];
}

function isPath(value: JsonValue): boolean {
  return typeof value === 'string' && value.startsWith('/') && value.length <= longestPath && !/\s/.test(value);
}

function isInterval(value: JsonValue): boolean {
  return typeof value === 'number' && value >= 1 && value <= longestIntervalS;
}

function isSelector(value: JsonValue): boolean {
  if (!isObject(value)) return false;
  const labels = Object.entries(value);
  return labels.length > 0 && labels.length <= mostLabels && labels.every(([name, text]) => isLabel(name, text));
}

function isLabel(key: string, value: JsonValue | undefined): boolean {
  const parts = key.split('/');
  const name = parts.pop() ?? '';
  const [prefix] = parts;
  const isName = parts.length <= 1 && (prefix === undefined || prefixPattern.test(prefix)) && labelPattern.test(name);
  return isName && typeof value === 'string' && (value === '' || labelPattern.test(value));
}

/** The unit that has the KDU scraped; undefined when nobody asked for one. */
export function compileMonitor(
  vnf: VnfDesired,
  kdu: KduDesired,
  of: { infraId: InfraId; name: string; namespace: string },
): Result<(UnitDraft<'monitor'> & { dependsOn: ObjectKey[] }) | undefined> {
  if (kdu.monitorKey === undefined) return ok(undefined);
  const monitor = kduMonitor(vnf.params, { kduName: kdu.kduName, kind: presentKduKind(kdu) });
  if (!monitor.ok) return monitor;
  if (monitor.value === undefined) return ok(undefined);
  const { port, path, intervalS, target, selector } = monitor.value;
  const spec: MonitorSpec = {
    // Charts that bring a monitor of their own call it as the release.
    name: `${of.name}-metrics`,
    namespace: of.namespace,
    selector: selector ?? { 'app.kubernetes.io/instance': of.name },
    target,
    port,
    ...(path === undefined ? {} : { path }),
    ...(intervalS === undefined ? {} : { intervalS }),
  };
  return ok({ key: kdu.monitorKey, kind: 'monitor', infraId: of.infraId, spec, dependsOn: [kdu.key] });
}
