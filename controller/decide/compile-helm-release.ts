import { ok, type Result } from '#shared/errors/index.ts';
import type { JsonObject, JsonValue } from '#shared/model/json.ts';
import type { VnfDesired } from '#shared/model/ns-lcm.ts';
import type { VnfContext } from './compile.ts';
import { storedModelOf } from './models.ts';
import type { UnitDraft } from './new-object.ts';
import { unprocessable } from './unprocessable.ts';

/** Helm's own limit on release names. */
const releaseNameLimit = 53;

/** One KDU → a Helm release. Parameters as OSM gives them: additionalParamsForKdu [{kdu_name, additionalParams, k8s-namespace, kdu_model}]. */
export function compileHelmRelease(
  { vnf, ns, models }: VnfContext,
  kdu: VnfDesired['kdus'][number],
): Result<UnitDraft<'helm-release'>> {
  const { model, chartDigests } = storedModelOf(models, vnf);
  const described = model.kdus.find((candidate) => candidate.name === kdu.kduName);
  const params = kduParams(vnf.params, kdu.kduName);
  const asked = textOf(params['kdu_model']);
  const chart = asked ?? described?.helmChart;
  if (described === undefined || chart === undefined)
    return unprocessable(`KDU ${kdu.kduName} of ${vnf.name} has no Helm chart`, kdu.kduName);
  const values = params['additionalParams'];
  return ok({
    key: kdu.key,
    kind: 'helm-release',
    infraId: vnf.placement.infraId,
    spec: {
      name: releaseName(textOf(params['kdu-deployment-name']) ?? `${kdu.kduName}-${vnf.vnfInstanceId.slice(0, 8)}`),
      namespace: textOf(params['k8s-namespace']) ?? textOf(vnf.params['k8s-namespace']) ?? `ns-${ns.id.slice(0, 8)}`,
      chart,
      // Another chart that the request asks for is not the package's.
      chartDigest: asked === undefined ? chartDigests?.[kdu.kduName] : undefined,
      values: isObject(values) ? values : {},
      replicas: kdu.replicas,
      services: described.services.map(({ name, management }) => ({ name, management })),
    },
  });
}

function kduParams(params: JsonObject, kduName: string): JsonObject {
  const list = params['additionalParamsForKdu'];
  const found = (Array.isArray(list) ? list : []).find((item) => isObject(item) && item['kdu_name'] === kduName);
  return isObject(found) ? found : {};
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function releaseName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .slice(0, releaseNameLimit);
  return name.replace(/^-+|-+$/g, '') || 'release';
}
