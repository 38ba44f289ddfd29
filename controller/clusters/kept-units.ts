import { applicationKey } from '#controller/decide/index.ts';
import { type Application, type Attachment, clusterLimits, type KeptUnits } from '#shared/model/clusters.ts';
import type { AgentId, ObjectKey } from '#shared/model/ids.ts';
import type { Entry, Store } from '#shared/store/store.ts';
import { keys } from '../keys.ts';

/** What was kept at an agent's clusters; revision 0 when nothing ever was. */
export async function readKept(store: Store, agentId: AgentId): Promise<Entry<KeptUnits>> {
  const key = keys.kept(agentId);
  return (await store.get<KeptUnits>(key)) ?? { key, value: { units: [] }, revision: 0 };
}

/** Pure: with what a profile leaves behind now. Of applications that the profile does not have any more nothing can go on. */
export function keptNow(
  { units }: KeptUnits,
  leaving: { attachment: Attachment; applications: readonly Application[]; keys: readonly ObjectKey[] },
): KeptUnits {
  const gone = new Set(leaving.keys);
  const now = leaving.applications
    .map((application) => ({
      applicationId: application.id,
      key: applicationKey(leaving.attachment, application),
    }))
    .filter(({ key }) => gone.has(key));
  return { units: [...now, ...units].slice(0, clusterLimits.keptUnits) };
}

/** Pure: application → what the new unit of it may go on with; the same application only, whatever else has its name. */
export function adoptsOf(
  { units }: KeptUnits,
  applications: readonly Application[],
): Record<string, ObjectKey[]> | undefined {
  const found = applications.flatMap(({ id }): [string, ObjectKey[]][] => {
    const kept = units.filter(({ applicationId }) => applicationId === id).map(({ key }) => key);
    return kept.length === 0 ? [] : [[id, kept.slice(0, clusterLimits.keptOfApplication)]];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}
