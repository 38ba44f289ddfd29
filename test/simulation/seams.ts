import type { StoreMedium } from '#agent/store/raw-store.ts';
import type { ControllerCore } from '#controller/compose.ts';
import type { Connector } from '#shared/connector/index.ts';
import type { Clock, Random } from '#shared/runtime/index.ts';
import type { Store } from '#shared/store/store.ts';
import type { AgentSide } from '#shared/wire/session.ts';
import type { Life } from './life.ts';
import type { SimulatedAgent } from './simulated-agent.ts';

/** Around one life of a process. */
export interface Around {
  life: Life;
  clock: Clock;
}

/**
 * Where a run may be given something worse than what it asks for: the dependencies of agent and controller. Mutants are made
 * of these; a normal run has none.
 */
export interface Seams {
  /** The agent's disk as its store sees it. */
  medium?(medium: StoreMedium, around: Around): StoreMedium;
  /** The agent's end of a session. */
  agentSide?(side: AgentSide, agent: SimulatedAgent): AgentSide;
  connector?(connector: Connector, agent: SimulatedAgent): Connector;
  agentRandom?(random: Random): Random;
  /** The controller's store. */
  store?(store: Store, around: Around): Store;
  /** The controller's rooms, joined and not yet started. */
  core?(core: ControllerCore): void;
}
