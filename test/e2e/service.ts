import type { NsView, VnfView } from '#controller/cli/index.ts';

/** What `edge_service_ns` of deploy/samples is on one site, by kind of unit. */
export const edgeService = {
  instantiated: { network: 3, 'affinity-group': 1, volume: 1, 'helm-release': 1, compute: 3 },
  /** The cache scaled out by one step: two more workers, each with a volume. */
  scaled: { network: 3, 'affinity-group': 1, volume: 3, 'helm-release': 1, compute: 5 },
};

/** What `single_vm_ns` of deploy/samples is on its site. */
export const singleVm = { network: 1, compute: 1 };

/** All of an NS on one site. */
export function onSite(site: string) {
  return { placement: { '*': { site } } };
}

/** Request that scales one aspect of a VNF by steps. */
export function scaleVnf(vnfInstanceId: string, aspectId: string, direction: 'OUT' | 'IN' = 'OUT', numberOfSteps = 1) {
  const scaleByStepData = { aspectId, numberOfSteps };
  return {
    scaleType: 'SCALE_VNF',
    scaleVnfData: [{ vnfInstanceId, scaleVnfType: `SCALE_${direction}`, scaleByStepData }],
  };
}

export function scaleNs(aspectId: string, direction: 'OUT' | 'IN' = 'OUT') {
  const scaleNsByStepsData = { aspectId, scalingDirection: `SCALE_${direction}` };
  return { scaleType: 'SCALE_NS', scaleNsData: { scaleNsByStepsData } };
}

export function vnfOf(ns: NsView, profile: string): VnfView {
  const found = ns.vnfInstance?.find((vnf) => vnf._skerry?.vnfProfileId === profile);
  if (found === undefined) throw new Error(`${ns.nsInstanceName} has no VNF of profile ${profile}`);
  return found;
}

export function keysOf(vnf: VnfView, kind = 'compute'): string[] {
  return (vnf._skerry?.units ?? []).filter((unit) => unit.kind === kind).map((unit) => unit.key);
}
