import type { ContainerVdu } from '#shared/descriptor/vnf-model.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { VnfDesired } from '#shared/model/ns-lcm.ts';
import type { UnitView } from '../../lcm/lcm.ts';
import { parseKduFacts, type WorkloadFacts } from '../kdu-facts.ts';

/**
 * McioInfo (ETSI GS NFV-SOL 003 V4.3.1 clause 5.5.3.26; SOL018 maps workloads of Kubernetes to MCIOs): SOL005 of release 3 has no
 * such member. What is known of the MCIOP, the chart or folder, stands in `additionalInfo`.
 */
export function mcioInfo(
  units: readonly UnitView[],
  desired: VnfDesired | undefined,
  containers: readonly ContainerVdu[],
): JsonObject[] {
  return units.flatMap((unit) => {
    const kdu = desired?.kdus?.find((candidate) => candidate.key === unit.key);
    const placement = kdu?.placement ?? desired?.placement;
    const { workloads, release } = parseKduFacts(unit.facts);
    return workloads.map((workload): JsonObject => {
      const { kind, namespace, name, desired: desiredInstances, available: availableInstances } = workload;
      const chart = kdu?.revisions?.[0]?.chart ?? release?.chart;
      return {
        mcioId: `${kind}/${namespace}/${name}`,
        mcioName: name,
        mcioNamespace: namespace,
        vduId: vduOf(workload, unit.part, containers) ?? unit.part,
        cismId: placement?.infraId ?? '',
        mcioType: kind,
        desiredInstances,
        availableInstances,
        additionalInfo: { mciopId: unit.part, ...(chart === undefined ? {} : { chart }) },
      };
    });
  });
}

/** Charts put the release's name before that of the workload. */
function vduOf(
  { name, kind }: WorkloadFacts,
  kduName: string,
  containers: readonly ContainerVdu[],
): string | undefined {
  return containers.find(
    (container) =>
      container.kduName === kduName &&
      container.workload?.type === kind &&
      (name === container.workload.name || name.endsWith(`-${container.workload.name}`)),
  )?.vduId;
}
