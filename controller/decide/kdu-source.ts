import type { KduModel } from '#shared/descriptor/vnf-model.ts';
import type { StoredChart } from '#shared/model/charts.ts';
import type { Digest } from '#shared/model/ids.ts';
import type { JsonObject, JsonValue } from '#shared/model/json.ts';
import type { KduDesired, KduRevision, Placement, VnfDesired } from '#shared/model/ns-lcm.ts';
import { type NsModels, storedModelOf } from './models.ts';

/** What a KDU is made of; a revision without its place in history. */
export type KduContent = Pick<
  KduRevision,
  'chart' | 'repository' | 'version' | 'appVersion' | 'digest' | 'values' | 'timeoutS'
>;

export type KduKind = 'helm-release' | 'manifests';

const longestTimeoutS = 7_200;

export function kduModelOf(models: NsModels, vnf: VnfDesired, kduName: string): KduModel | undefined {
  return storedModelOf(models, vnf).model.kdus.find((candidate) => candidate.name === kduName);
}

/** Kind of unit that a KDU becomes; undefined when nothing here can deploy it. */
export function kduKind(kdu: KduModel): KduKind | undefined {
  if (kdu.helmChart !== undefined) return 'helm-release';
  return kdu.manifests === undefined ? undefined : 'manifests';
}

/** Kind of a KDU that is there: keys begin with it. */
export function presentKduKind(kdu: KduDesired): KduKind {
  return kdu.key.startsWith('manifests/') ? 'manifests' : 'helm-release';
}

export function kduPlacement(vnf: VnfDesired, kdu: KduDesired): Placement {
  return kdu.placement ?? vnf.placement;
}

/** Parameters as OSM gives them: additionalParamsForKdu [{kdu_name, additionalParams, k8s-namespace, kdu_model, …}]. */
export function kduParams(params: JsonObject, kduName: string): JsonObject {
  const list = params['additionalParamsForKdu'];
  const found = (Array.isArray(list) ? list : []).find((item) => isObject(item) && item['kdu_name'] === kduName);
  return isObject(found) ? found : {};
}

/** The wanted revision, or what the descriptor and the instantiation make of it. undefined: it has no chart and no manifests. */
export function contentOf(models: NsModels, vnf: VnfDesired, kdu: KduDesired): KduContent | undefined {
  return kdu.revisions?.[0] ?? firstContent(models, vnf, kdu.kduName);
}

/** What is deployed at first: the request's `kdu_model` if there is one, else the descriptor's chart or folder. */
export function firstContent(models: NsModels, vnf: VnfDesired, kduName: string): KduContent | undefined {
  const described = kduModelOf(models, vnf, kduName);
  const params = kduParams(vnf.params, kduName);
  const asked = textOf(params['kdu_model']);
  const chart = asked ?? described?.helmChart ?? described?.manifests;
  if (described === undefined || chart === undefined) return undefined;
  const values = params['additionalParams'];
  const content: KduContent = { chart, values: isObject(values) ? values : {} };
  const repository = textOf(params['repository']);
  if (repository !== undefined) content.repository = repository;
  const timeoutS = timeoutOf(params['kdu_timeout']);
  if (timeoutS !== undefined) content.timeoutS = timeoutS;
  // Another chart that the request asks for is not the package's.
  const stored = asked === undefined ? storedModelOf(models, vnf).charts?.[kduName] : undefined;
  return stored === undefined ? content : withStored(content, stored);
}

export function withStored(content: KduContent, stored: StoredChart): KduContent {
  const { digest, version, appVersion } = stored;
  return {
    ...content,
    digest: digest as Digest,
    ...(version === '' ? {} : { version }),
    ...(appVersion === '' ? {} : { appVersion }),
  };
}

/** Whole seconds from 1 to two hours; anything else is as if it were not given. */
export function timeoutOf(value: JsonValue | undefined): number | undefined {
  const seconds = typeof value === 'string' ? Number(value) : value;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds < 1) return undefined;
  return Math.min(longestTimeoutS, Math.ceil(seconds));
}

export function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
