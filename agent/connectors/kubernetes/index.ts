export {
  type KubernetesInfraOptions,
  type KubernetesPrograms,
  openKubernetesInfra,
  type PushImages,
} from './open-kubernetes-infra.ts';
