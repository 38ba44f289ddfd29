/** What the node's own API and CLI show; see docs/installer.md. Socket: `<SKERRY_HOME>/agent.sock`, HTTP with JSON. */
export interface LocalStatus {
  agentId: string;
  siteId: string;
  version: string;
  link: {
    state: 'connected' | 'connecting' | 'refused' | 'disconnected';
    since: number;
    controller: string;
    message: string;
  };
  intent: { lineage: string; generation: number; objects: number; tombstones: number };
  units: { ready: number; pending: number; failed: number };
  outbox: { stream: string; pending: number; acked: number; lastSeq: number }[];
  deletionsHeld: number;
  store: { opened: string; damage: string[] };
  infras: { infraId: string; name: string; kind: string; healthy: boolean; message: string }[];
}
