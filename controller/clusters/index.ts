export type { AttachedProfile, Clusters, CopyTarget, StatusPage } from './clusters.ts';
export type { ClustersDependencies } from './clusters-context.ts';
export { type ClustersRoom, createClusters } from './create-clusters.ts';
