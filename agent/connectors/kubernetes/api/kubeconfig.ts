export { type KubeconfigOptions, readKubeconfig } from '#shared/kubeconfig/index.ts';
