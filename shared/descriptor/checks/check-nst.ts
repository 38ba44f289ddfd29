import type { JsonObject } from '../../model/json.ts';
import { idsOf, objectsField } from '../document-fields.ts';
import type { Reading } from '../reading/reading.ts';
import { checkReference } from './references.ts';

/** The cross-checks of an NST that need no NSD: links and connection points name subnets of the template. */
export function checkNst(nst: JsonObject, reading: Reading): void {
  const subnets = { ids: idsOf(objectsField(nst, 'netslice-subnet')), noun: 'netslice-subnet' };
  const holders = [nst, ...objectsField(nst, 'netslice-vld')];
  for (const holder of holders) {
    for (const point of [
      ...objectsField(holder, 'nss-connection-point-ref'),
      ...objectsField(holder, 'netslice-connection-point'),
    ]) {
      checkReference(reading, point, 'nss-ref', subnets);
    }
  }
}
