export {
  type AgentLink,
  type AgentLinkDependencies,
  createAgentLink,
  type LinkPeer,
  type Listener,
  type SessionView,
} from './create-agent-link.ts';
