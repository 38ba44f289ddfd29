import type { PlatformAlarm } from '#shared/connector/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import { id, type ObjectKey } from '#shared/model/ids.ts';
import { parseFaultOrder } from './fault.ts';
import type { SimulatedControl } from './simulated-control.ts';

/**
 * Orders as they come from outside: `fault` a FaultOrder, `release {faultId?}`, `kill {key, message?}`, `drift {key}`,
 * `delete {key}`, `alarm {alarmId, key?, severity?, probableCause?, raised?}`.
 * @throws SkerryError BadRequest, NotFound
 */
export async function orderSimulated(control: SimulatedControl, verb: string, input: unknown): Promise<object> {
  const body = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>;
  switch (verb) {
    case 'fault':
      return control.fault(parseFaultOrder(body));
    case 'release':
      await control.release(text(body, 'faultId'));
      return {};
    case 'kill':
      await control.kill(keyOf(body), text(body, 'message'));
      return {};
    case 'drift':
      await control.drift(keyOf(body));
      return {};
    case 'delete':
      await control.delete(keyOf(body));
      return {};
    case 'alarm':
      await control.alarm(parseAlarm(body), body['raised'] !== false);
      return {};
    default:
      throw new SkerryError('NotFound', `A simulated infra knows no order ${verb}`);
  }
}

const severities = ['CRITICAL', 'MAJOR', 'MINOR', 'WARNING', 'INDETERMINATE'] as const;

function parseAlarm(body: Record<string, unknown>): PlatformAlarm {
  const severity = severities.find((known) => known === (body['severity'] ?? 'MAJOR'));
  if (severity === undefined) throw new SkerryError('BadRequest', `severity must be one of ${severities.join(', ')}`);
  const key = text(body, 'key');
  return {
    alarmId: text(body, 'alarmId') ?? 'ordered',
    ...(key === undefined ? {} : { key: id<ObjectKey>(key) }),
    severity,
    eventType: text(body, 'eventType') ?? 'EQUIPMENT_ALARM',
    probableCause: text(body, 'probableCause') ?? 'ordered',
  };
}

function keyOf(body: Record<string, unknown>): ObjectKey {
  const key = text(body, 'key');
  if (key === undefined) throw new SkerryError('BadRequest', 'key is missing', { remedy: 'Name the unit by its key.' });
  return id<ObjectKey>(key);
}

function text(body: Record<string, unknown>, name: string): string | undefined {
  const value = body[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value.length > 500)
    throw new SkerryError('BadRequest', `${name} must be a text of at most 500 characters`);
  return value;
}
