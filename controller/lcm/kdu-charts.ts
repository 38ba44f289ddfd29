import { firstContent, type KduContent, type NsModels, presentKduKind, withStored } from '#controller/decide/index.ts';
import { isSkerryError, SkerryError } from '#shared/errors/index.ts';
import type { ChartRef, StoredChart } from '#shared/model/charts.ts';
import type { NsLcmOpOccId } from '#shared/model/ids.ts';
import type { KduDesired, NsDesired, VnfDesired } from '#shared/model/ns-lcm.ts';
import { resolveInTime } from '../resolve-chart.ts';
import type { LcmContext } from './lcm-context.ts';

/** Charts of one request: each is looked for once, however often the request is decided anew. */
export interface KduCharts {
  /**
   * The content with the stored file that its chart is; as it is when nobody here knows it: the agent then looks for it.
   *
   * @throws Unprocessable (there is no such chart, or it is of another kind), Unavailable (the repository does not answer)
   */
  resolve(content: KduContent, kdu: KduDesired): Promise<KduContent>;
}

/** `desired`: an NS whose KDUs have been resolved before; a sibling gets the same file, also when the repository has a newer one. */
export function kduCharts(context: LcmContext, desired?: NsDesired): KduCharts {
  const known = new Map<string, Promise<StoredChart | undefined>>();
  const siblings = (desired?.vnfs ?? []).flatMap((vnf) => vnf.kdus).flatMap((kdu) => kdu.revisions ?? []);
  return {
    async resolve(content, kdu) {
      if (content.digest !== undefined || context.charts === undefined) return content;
      const { chart, repository } = content;
      const sibling = siblings.find(
        (each) => each.digest !== undefined && each.chart === chart && each.repository === repository,
      );
      if (sibling !== undefined) {
        const { digest, version, appVersion } = sibling;
        return { ...content, digest, version, appVersion };
      }
      const ref: ChartRef = { chart, ...(repository === undefined ? {} : { repository }) };
      const key = JSON.stringify([chart, repository]);
      const found = known.get(key) ?? resolveKnown(context, ref);
      known.set(key, found);
      const stored = await found;
      if (stored === undefined) return content;
      checkKind(stored, kdu, chart);
      return withStored(content, stored);
    },
  };
}

/** VNFs that are new, each KDU with its first revision. */
export async function withFirstRevisions<V extends Pick<VnfDesired, 'kdus'>>(
  vnfs: readonly V[],
  use: { context: LcmContext; models: NsModels; charts: KduCharts; operationId: NsLcmOpOccId },
): Promise<V[]> {
  const { context, models, charts, operationId } = use;
  const first = async (vnf: V, kdu: KduDesired): Promise<KduDesired> => {
    const content = firstContent(models, vnf as unknown as VnfDesired, kdu.kduName);
    if (content === undefined) return kdu;
    const resolved = await charts.resolve(content, kdu);
    const at = context.clock.now();
    const { replicas } = kdu;
    return { ...kdu, revisions: [{ ...resolved, revision: 1, cause: 'instantiate', replicas, at, operationId }] };
  };
  return await Promise.all(
    vnfs.map(async (vnf) => ({ ...vnf, kdus: await Promise.all(vnf.kdus.map((kdu) => first(vnf, kdu))) })),
  );
}

/** A repository may have been registered since: what nobody knew then is looked for again. */
export async function withLateCharts(context: LcmContext, desired: NsDesired): Promise<NsDesired> {
  const charts = kduCharts(context, desired);
  const again = async (kdu: KduDesired): Promise<KduDesired> => {
    const [newest, ...older] = kdu.revisions ?? [];
    if (newest === undefined || newest.digest !== undefined) return kdu;
    return { ...kdu, revisions: [{ ...newest, ...(await charts.resolve(newest, kdu)) }, ...older] };
  };
  const vnfs = await Promise.all(
    desired.vnfs.map(async (vnf) => ({ ...vnf, kdus: await Promise.all(vnf.kdus.map(again)) })),
  );
  return { ...desired, vnfs };
}

function checkKind(stored: StoredChart, kdu: KduDesired, chart: string): void {
  const wanted = presentKduKind(kdu) === 'manifests' ? 'folder' : 'helm';
  if (stored.kind === wanted) return;
  const words = { helm: 'a Helm chart', folder: 'a folder of manifests' };
  throw new SkerryError(
    'Unprocessable',
    `KDU ${kdu.kduName} is deployed from ${words[wanted]}; ${chart} is ${words[stored.kind]}`,
    { details: { path: kdu.kduName } },
  );
}

async function resolveKnown(context: LcmContext, ref: ChartRef): Promise<StoredChart | undefined> {
  try {
    return await resolveInTime(context, ref);
  } catch (error) {
    throw isSkerryError(error) && error.code === 'NotFound' ? unknownChart(ref, error) : error;
  }
}

/** NotFound is for what the request's path names. */
function unknownChart(ref: ChartRef, cause: SkerryError): SkerryError {
  const { remedy } = cause;
  return new SkerryError('Unprocessable', `${ref.chart}: ${cause.message}`, {
    cause,
    details: { path: 'kdu_model', chart: ref.chart },
    ...(typeof remedy === 'string' ? { remedy } : {}),
  });
}
