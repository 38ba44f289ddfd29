import type { Application } from '#shared/model/clusters.ts';
import type { JsonObject } from '#shared/model/json.ts';
import { hiddenText, hideSecrets } from '#shared/seal/index.ts';

/** `isWhole`: with what may be secret in values and manifests; only for those who may change it. */
export function applicationView(application: Application, isWhole: boolean): Application {
  const { values, manifests } = application;
  if (isWhole) return application;
  return {
    ...application,
    ...(values === undefined ? {} : { values: hideSecrets(values) }),
    ...(manifests === undefined ? {} : { manifests: manifests.map(withoutData) }),
  };
}

/** Objects of kind Secret keep the names of their members. */
function withoutData(object: JsonObject): JsonObject {
  if (object['kind'] !== 'Secret') return hideSecrets(object);
  const hidden = { ...object };
  for (const member of ['data', 'stringData']) {
    const value = object[member];
    if (typeof value === 'object' && value !== null)
      hidden[member] = Object.fromEntries(Object.keys(value).map((name) => [name, hiddenText]));
  }
  return hidden;
}
