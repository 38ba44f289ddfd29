/** Where a cluster's API server is and how the agent shows who it is. Holds secrets: never logged, never an error's detail. */
export interface ClusterEndpoint {
  /** `https://10.0.0.1:6443`, perhaps with a path in front of the API (`https://rancher.example/k8s/clusters/c-1`). */
  server: string;
  tls: ClusterTls;
  /** May stand beside an authorization. */
  certificate?: ClientCertificate;
  authorization?: ClusterAuthorization;
  /** Namespace of the kubeconfig's context or of the service account. */
  namespace?: string;
}

export interface ClusterTls {
  /** PEM; absent: the authorities that Node knows. */
  caPem?: string;
  /** Name to ask for and to verify when it is not the server's own. */
  serverName?: string;
  /** Nothing is verified: anybody in between can read and change everything. */
  isVerificationOff?: boolean;
}

export interface ClientCertificate {
  certPem: string;
  keyPem: string;
}

export type ClusterAuthorization =
  | { kind: 'token'; token: string }
  /** Read again when it changes. */
  | { kind: 'token-file'; path: string }
  | { kind: 'basic'; username: string; password: string }
  | { kind: 'exec'; plugin: ExecPlugin };

/** A command that prints credentials (client.authentication.k8s.io). */
export interface ExecPlugin {
  apiVersion: 'client.authentication.k8s.io/v1' | 'client.authentication.k8s.io/v1beta1';
  command: string;
  args: string[];
  environment: Record<string, string>;
  isGivenCluster: boolean;
}
