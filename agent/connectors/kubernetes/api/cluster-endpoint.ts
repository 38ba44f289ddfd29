export type {
  ClientCertificate,
  ClusterAuthorization,
  ClusterEndpoint,
  ClusterTls,
  ExecPlugin,
} from '#shared/kubeconfig/index.ts';
