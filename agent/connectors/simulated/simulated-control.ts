import type { PlatformAlarm } from '#shared/connector/index.ts';
import { SkerryError } from '#shared/errors/index.ts';
import type { ObjectKey } from '#shared/model/ids.ts';
import type { Clock, Random } from '#shared/runtime/index.ts';
import type { FaultOrder } from './fault.ts';
import type { SimulatedCalls } from './simulated-calls.ts';
import type { World } from './world.ts';
import type { WorldSnapshot, WorldUnit } from './world-entry.ts';

/** Orders to a simulated infrastructure while it runs. Everything is durable when it resolves. */
export interface SimulatedControl {
  fault(order: FaultOrder): Promise<{ faultId: string }>;
  /** Ends one fault, or all; calls that hang go on. */
  release(faultId?: string): Promise<void>;
  /** The unit stops working; its newest incarnation, as all that follow. */
  kill(key: ObjectKey, message?: string): Promise<void>;
  /** Somebody deletes it behind our back. */
  delete(key: ObjectKey): Promise<void>;
  /** Somebody changes it behind our back. */
  drift(key: ObjectKey): Promise<void>;
  alarm(alarm: PlatformAlarm, raised: boolean): Promise<void>;
  world(): WorldSnapshot;
}

export function createSimulatedControl(options: {
  world: World;
  calls: SimulatedCalls;
  clock: Clock;
  random: Random;
}): SimulatedControl {
  const { world, calls, clock, random } = options;
  const newest = (key: ObjectKey): WorldUnit => {
    const unit = world.incarnationsOf(key).at(-1);
    if (unit === undefined) throw new SkerryError('NotFound', `${key} is not on this infra`);
    return unit;
  };
  const about = (key: ObjectKey) => ({ at: clock.now(), key, incarnation: newest(key).incarnation });
  return {
    async fault(order) {
      const faultId = random.uuid();
      await world.record({ at: clock.now(), type: 'fault', fault: { ...order, faultId } });
      return { faultId };
    },
    async release(faultId) {
      await world.record({ at: clock.now(), type: 'faults-released', faultId });
      calls.release(faultId);
    },
    kill: async (key, message = 'killed by order') => world.record({ type: 'killed', ...about(key), failure: message }),
    delete: async (key) => world.record({ type: 'deleted', ...about(key) }),
    drift: async (key) => world.record({ type: 'drifted', ...about(key) }),
    alarm: (alarm, raised) => world.record({ at: clock.now(), type: 'alarm', alarm, raised }),
    world: () => structuredClone(world.toSnapshot()),
  };
}
