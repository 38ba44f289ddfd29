import type { NsModel, VnfProfile } from '#shared/descriptor/ns-model.ts';
import type { VnfModel } from '#shared/descriptor/vnf-model.ts';
import type { InfraId } from '#shared/model/ids.ts';

/** A connection point by which pods of a VNF join a virtual link of the NS, beside the cluster's own network. */
export interface PodConnection {
  extCpId: string;
  /** `k8s-cluster-net` of OSM: what an infra's `nets` setting maps. */
  netId?: string;
  virtualLinkId: string;
  /** KDUs whose pods join; several share a connection point that no service names. */
  kduNames: string[];
}

/** Per infra: OSM's `nets`: cluster net → an existing network there; null → the cluster's own network is meant. */
export type NetMaps = ReadonlyMap<InfraId, Readonly<Record<string, string | null>>>;

/**
 * What the NSD connects of a VNF's KDUs. The management connection point and management links are left out: pods are reached over
 * the cluster's own network and their services.
 */
export function podConnections(ns: NsModel, profile: VnfProfile | undefined, model: VnfModel): PodConnection[] {
  if (model.kdus.length === 0) return [];
  return (profile?.connections ?? []).flatMap(({ cpId, virtualLinkId }) => {
    const link = ns.virtualLinks.find((candidate) => candidate.id === virtualLinkId);
    if (cpId === model.managementCp || link === undefined || link.management || !isPodPoint(model, cpId)) return [];
    const netId = model.extCps.find((candidate) => candidate.id === cpId)?.k8sClusterNet;
    const kduNames = kdusOf(model, cpId);
    return [{ extCpId: cpId, virtualLinkId, kduNames, ...(netId === undefined ? {} : { netId }) }];
  });
}

/** True for a connection point that belongs to pods and not to a port of a virtual machine. */
export function isPodPoint(model: VnfModel, cpId: string): boolean {
  const point = model.extCps.find((candidate) => candidate.id === cpId);
  if (point === undefined || model.kdus.length === 0) return false;
  if (point.k8sClusterNet !== undefined) return true;
  if (point.vduId !== undefined) return model.containers?.some(({ vduId }) => vduId === point.vduId) ?? false;
  return point.internalLinkId === undefined;
}

function kdusOf(model: VnfModel, cpId: string): string[] {
  const named = model.kdus.filter((kdu) => kdu.services.some((service) => service.extCpId === cpId));
  const vduId = model.extCps.find((candidate) => candidate.id === cpId)?.vduId;
  const container = model.containers?.find((candidate) => candidate.vduId === vduId);
  if (container !== undefined) return [container.kduName];
  return (named.length > 0 ? named : model.kdus).map((kdu) => kdu.name);
}
