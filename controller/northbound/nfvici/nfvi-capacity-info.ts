import { NfviCapacityInfo } from '#shared/api/nfvi-capacity.ts';
import type { ClusterFacts } from '#shared/connector/index.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { InfraView } from '../../inventory/inventory.ts';
import { dateTime } from '../sol013/date-time.ts';
import { defineResource } from '../sol013/resource.ts';
import { capacityPerZone } from './capacity-per-zone.ts';

/** NfviCapacityInfo (ETSI GS NFV-SOL 005 clause 10.5.2.2): a VIM is an infra. */
export const nfviCapacityInfos = defineResource<InfraView>({
  name: 'NfviCapacityInfo',
  schema: NfviCapacityInfo,
  excludedByDefault: ['capacityInfoPerZone', 'totalCapacityInfo', 'timeInterval'],
  id: (infra) => infra.id,
  sortKey: (infra) => `${infra.name}/${infra.id}`,
  revision: ({ status, ledger, connected, schedulable }) =>
    JSON.stringify([status.reportedAt, ledger.reserved, connected, schedulable]),
  render: renderInfra,
});

function renderInfra(infra: InfraView): JsonObject {
  const { facts, reportedAt } = infra.status;
  return {
    id: infra.id,
    vimId: infra.id,
    capacityInfoPerZone: facts === null ? [] : capacityPerZone(facts, infra.ledger.reserved),
    ...(facts !== null && { timeInterval: { aTime: dateTime(reportedAt) } }),
    _skerry: {
      name: infra.name,
      kind: infra.kind,
      connected: infra.connected,
      healthy: facts?.healthy ?? false,
      schedulable: infra.schedulable,
      ...(facts !== null && { reportedAt: dateTime(reportedAt) }),
      ...(facts?.measured !== undefined && { measured: { ...facts.measured } }),
      ...(facts?.cluster !== undefined && { cluster: summaryOf(facts.cluster) }),
    },
  };
}

function summaryOf({ version, nodes }: ClusterFacts): JsonObject {
  return { version, nodes: nodes.length, nodesReady: nodes.filter(({ isReady }) => isReady).length };
}
