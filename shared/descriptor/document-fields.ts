import type { JsonObject, JsonValue } from '../model/json.ts';

/** Reading fields of a schema-checked document: what is absent or of another type is simply not there. */

export function textField(holder: JsonObject | undefined, field: string): string | undefined {
  const value = holder?.[field];
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : undefined;
}

export function numberField(holder: JsonObject | undefined, field: string): number | undefined {
  const value = holder?.[field];
  return typeof value === 'number' ? value : undefined;
}

export function flagField(holder: JsonObject | undefined, field: string): boolean | undefined {
  const value = holder?.[field];
  return typeof value === 'boolean' ? value : undefined;
}

export function objectField(holder: JsonObject | undefined, ...fields: string[]): JsonObject | undefined {
  let value: JsonValue | undefined = holder;
  for (const field of fields) value = isObject(value) ? value[field] : undefined;
  return isObject(value) ? value : undefined;
}

export function objectsField(holder: JsonObject | undefined, ...fields: string[]): JsonObject[] {
  const last = fields.at(-1) ?? '';
  const value = objectField(holder, ...fields.slice(0, -1))?.[last];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The list itself, for the places of its items, with its texts. */
export function textsField(holder: JsonObject | undefined, field: string): string[] {
  const value = holder?.[field];
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** For flatMap: nothing or the one. */
export function present<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

export function idsOf(items: JsonObject[], field = 'id'): Set<string> {
  return new Set(items.flatMap((item) => textField(item, field) ?? []));
}
