export {
  type ArtefactSource,
  type ConnectorRegistry,
  type ConnectorRegistryOptions,
  createConnectorRegistry,
} from './registry.ts';
export type {
  Crash,
  EffectCount,
  FaultOrder,
  SimulatedControl,
  WorldEntry,
  WorldFile,
  WorldSnapshot,
  WorldUnit,
} from './simulated/index.ts';
