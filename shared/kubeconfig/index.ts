export { type ChosenContext, chooseContext } from './choose-context.ts';
export type * from './cluster-endpoint.ts';
export { Complaint, type Place } from './kubeconfig-place.ts';
export { asKubeconfigError, type KubeconfigOptions, openKubeconfig, readKubeconfig } from './read-kubeconfig.ts';
