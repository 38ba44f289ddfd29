import type { JsonObject } from '../../model/json.ts';
import { textsField } from '../document-fields.ts';
import { didYouMean } from '../reading/did-you-mean.ts';
import { shown } from '../reading/leaf-values.ts';
import type { Reading } from '../reading/reading.ts';

/** What may be named, and what to call it in a complaint. */
export interface Targets {
  ids: ReadonlySet<string>;
  /** `int-virtual-link-desc of the VNFD`. */
  noun: string;
}

/** Complains of every name in `holder[field]` (a text or a list of texts) that is not among the targets. */
export function checkReference(reading: Reading, holder: JsonObject, field: string, targets: Targets): void {
  const value = holder[field];
  if (Array.isArray(value)) {
    for (const [at, name] of value.entries()) {
      if (typeof name === 'string') checkName(reading, value, at, name, targets);
    }
    return;
  }
  for (const name of textsField(holder, field)) checkName(reading, holder, field, name, targets);
}

function checkName(reading: Reading, holder: object, field: string | number, name: string, targets: Targets): void {
  if (targets.ids.has(name)) return;
  reading.error(holder, field, brokenReference(name, targets));
}

export function brokenReference(name: string, targets: Targets): { code: string; message: string; remedy: string } {
  const near = didYouMean(name, targets.ids);
  const known = [...targets.ids].slice(0, 6);
  const alternatives = known.length === 0 ? 'there is none' : `there is ${known.join(', ')}`;
  return {
    code: 'BrokenReference',
    message: `${shown(name)} is not the id of any ${targets.noun}`,
    remedy: near === undefined ? `correct the name (${alternatives})` : `did you mean '${near}'`,
  };
}
