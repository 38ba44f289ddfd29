import type { UnitKind } from '#shared/connector/index.ts';
import { type ErrorCode, SkerryError } from '#shared/errors/index.ts';

export const faultVerbs = ['probe', 'observe', 'ensure', 'remove', 'act'] as const;
export type FaultVerb = (typeof faultVerbs)[number];
export const faultEffects = ['fail', 'hang', 'slow', 'act-after-timeout', 'crash'] as const;
export const faultCodes = [
  'PlatformRefused',
  'PlatformUnavailable',
  'PlatformCapacity',
  'PlatformAuth',
  'PlatformInDoubt',
] as const satisfies readonly ErrorCode[];

/** A fault that was ordered and is not used up. */
export interface Fault {
  faultId: string;
  /** Which calls it hits; what is left out matches all. */
  verb?: FaultVerb;
  kind?: UnitKind;
  /** `*` stands for any run of characters. */
  keyPattern?: string;
  /**
   * fail: throws `code`. hang: until it is released or the caller gives up. slow: `delayMs` longer. act-after-timeout: the call
   * hangs, and what it asked for happens `delayMs` after it began, whether or not somebody still waits. crash: the process
   * dies at `point`.
   */
  effect: (typeof faultEffects)[number];
  /** Calls that it still hits; 0: all, until released. */
  times: number;
  code?: (typeof faultCodes)[number];
  message?: string;
  delayMs?: number;
  point?: 'before-call' | 'after-call-before-return';
}

export type FaultOrder = Omit<Fault, 'faultId'>;

/** Reads an order from outside (the local API). @throws SkerryError BadRequest */
export function parseFaultOrder(input: unknown): FaultOrder {
  const order = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>;
  const effect = oneOf(order, 'effect', faultEffects);
  if (effect === undefined) throw bad('effect', `one of ${faultEffects.join(', ')}`);
  return {
    effect,
    times: wholeNumber(order, 'times', 1_000_000) ?? 1,
    verb: oneOf(order, 'verb', faultVerbs),
    kind: text(order, 'kind') as UnitKind | undefined,
    keyPattern: text(order, 'keyPattern'),
    code: oneOf(order, 'code', faultCodes),
    message: text(order, 'message'),
    delayMs: wholeNumber(order, 'delayMs', 24 * 60 * 60 * 1000),
    point: oneOf(order, 'point', ['before-call', 'after-call-before-return'] as const),
  };
}

export function isHitBy(fault: Fault, call: { verb: FaultVerb; kind?: UnitKind; key?: string }): boolean {
  if (fault.verb !== undefined && fault.verb !== call.verb) return false;
  if (fault.kind !== undefined && fault.kind !== call.kind) return false;
  return fault.keyPattern === undefined || (call.key !== undefined && isMatch(fault.keyPattern, call.key));
}

function isMatch(pattern: string, key: string): boolean {
  const expression = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${expression.join('.*')}$`).test(key);
}

function oneOf<T extends string>(order: Record<string, unknown>, name: string, values: readonly T[]): T | undefined {
  const value = order[name];
  if (value === undefined) return undefined;
  if (!values.includes(value as T)) throw bad(name, `one of ${values.join(', ')}`);
  return value as T;
}

function text(order: Record<string, unknown>, name: string): string | undefined {
  const value = order[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value.length > 500) throw bad(name, 'a text of at most 500 characters');
  return value;
}

function wholeNumber(order: Record<string, unknown>, name: string, most: number): number | undefined {
  const value = order[name];
  if (value === undefined) return undefined;
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > most)
    throw bad(name, `a whole number from 0 to ${most}`);
  return value as number;
}

function bad(name: string, wanted: string): SkerryError {
  return new SkerryError('BadRequest', `${name} must be ${wanted}`, { remedy: `Send ${name} as ${wanted}.` });
}
