/**
 * Every key of the controller's store, in one place. Segments never contain `/` except as the last one of a key that ends in
 * an object key. `list` prefixes end in `/`.
 */
export const keys = {
  site: (id: string) => `site/${id}`,
  agent: (id: string) => `agent/${id}`,
  agentStatus: (id: string) => `agent-status/${id}`,
  infra: (id: string) => `infra/${id}`,
  infraStatus: (id: string) => `infra-status/${id}`,
  ledger: (infraId: string) => `ledger/${infraId}`,
  allocation: (infraId: string, vnfInstanceId: string) => `allocation/${infraId}/${vnfInstanceId}`,
  joinToken: (id: string) => `join-token/${id}`,
  user: (id: string) => `user/${id}`,
  project: (id: string) => `project/${id}`,
  role: (name: string) => `role/${name}`,
  accessToken: (hash: string) => `token/${hash}`,
  vnfPackage: (id: string) => `vnf-package/${id}`,
  vnfModel: (packageId: string, revision: number) => `vnf-model/${packageId}/${revision}`,
  /** Which package of a project holds a vnfd-id; makes it unique. */
  vnfdOwner: (projectId: string, vnfdId: string) => `vnfd-owner/${projectId}/${encodeURIComponent(vnfdId)}`,
  chartRepository: (id: string) => `chart-repository/${id}`,
  /** A chart that was fetched from a repository: keeps its file. */
  fetchedChart: (hex: string) => `chart/${hex}`,
  /** What a name and version at a repository turned out to be; `hash` of URL, chart and version. */
  chartVersion: (hash: string) => `chart-version/${hash}`,
  profile: (id: string) => `profile/${id}`,
  application: (profileId: string, name: string) => `application/${profileId}/${name}`,
  /** A profile at a cluster. */
  attachment: (profileId: string, infraId: string) => `attachment/${profileId}/${infraId}`,
  /** The same, to be found by the cluster. */
  clusterProfile: (infraId: string, profileId: string) => `cluster-profile/${infraId}/${profileId}`,
  /** Units of profiles that were kept when they left the intent. */
  kept: (agentId: string) => `kept/${agentId}`,
  deregistration: (infraId: string) => `deregistration/${infraId}`,
  nsd: (id: string) => `nsd/${id}`,
  nsModel: (nsdInfoId: string, revision: number) => `ns-model/${nsdInfoId}/${revision}`,
  ns: (id: string) => `ns/${id}`,
  vnf: (id: string) => `vnf/${id}`,
  operation: (id: string) => `op/${id}`,
  /** Document head of an agent: lineage, generation, history, root. */
  intentHead: (agentId: string) => `intent-head/${agentId}`,
  intentObject: (agentId: string, key: string) => `intent/${agentId}/${key}`,
  tombstone: (agentId: string, key: string) => `tomb/${agentId}/${key}`,
  /** Change of one generation, for deltas; generation padded to 12 digits. */
  intentLog: (agentId: string, generation: number) => `intent-log/${agentId}/${String(generation).padStart(12, '0')}`,
  /** What the controller knows of an agent's stores and sessions: epochs, current and former stores, what was acknowledged. */
  agentSession: (agentId: string) => `agent-session/${agentId}`,
  /** High-water mark of a must-deliver stream. */
  mark: (agentId: string, storeId: string, stream: string) => `mark/${agentId}/${storeId}/${stream}`,
  recordId: (agentId: string, recordId: string) => `record/${agentId}/${recordId}`,
  state: (agentId: string, key: string) => `state/${agentId}/${key}`,
  stateSeq: (agentId: string, storeId: string, key: string) => `state-seq/${agentId}/${storeId}/${key}`,
  reached: (agentId: string, scope: string) => `reached/${agentId}/${scope}`,
  unitFailure: (agentId: string, key: string) => `unit-failure/${agentId}/${key}`,
  oneShot: (opId: string) => `one-shot/${opId}`,
  /** Local decisions and heals, newest kept per agent; seq padded. */
  decision: (agentId: string, storeId: string, seq: number) =>
    `decision/${agentId}/${storeId}/${String(seq).padStart(12, '0')}`,
  alarm: (id: string) => `alarm/${id}`,
  orphan: (agentId: string, key: string) => `orphan/${agentId}/${key}`,
  subscription: (id: string) => `subscription/${id}`,
  notification: (subscriptionId: string, seq: string) => `notification/${subscriptionId}/${seq}`,
  capacityThreshold: (id: string) => `capacity-threshold/${id}`,
  meta: (name: string) => `meta/${name}`,
} as const;
