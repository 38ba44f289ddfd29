export {
  type AgentLink,
  type AgentLinkDependencies,
  createAgentLink,
  type LinkPeer,
  type Listener,
  type SessionView,
} from './create-agent-link.ts';
export { createEnrollListener, type EnrollListenerDependencies } from './enroll-server.ts';
export {
  createSyncListener,
  type ListenerTls,
  type PortListener,
  type SyncListenerDependencies,
} from './grpc-server.ts';
export { namedArtefacts } from './named-artefacts.ts';
