export * from './api-resources.ts';
export type * from './cluster-endpoint.ts';
export { type ApiResourcesOptions, createApiResources } from './create-api-resources.ts';
export { createKubernetesApi, type KubernetesApiOptions } from './create-kubernetes-api.ts';
export { createReflector } from './create-reflector.ts';
export { type InClusterOptions, inClusterEndpoint } from './in-cluster.ts';
export { type KubeconfigOptions, readKubeconfig } from './kubeconfig.ts';
export type * from './kubernetes-api.ts';
export type * from './reflector.ts';
