export { type AgentStore, agentKeys, type StoreHealth, type Transaction } from './agent-store.ts';
export { type MemoryImage, type MemoryMedium, memoryMedium } from './memory-medium.ts';
export { type AgentStoreDependencies, openAgentStore, openAgentStoreOn } from './open-agent-store.ts';
