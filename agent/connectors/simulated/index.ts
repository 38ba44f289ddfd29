import path from 'node:path';
import type { Connector, InfraConfig } from '#shared/connector/index.ts';
import type { ObjectKey } from '#shared/model/ids.ts';
import type { Clock, Logger, Random } from '#shared/runtime/index.ts';
import { type Crash, SimulatedCalls } from './simulated-calls.ts';
import { SimulatedConnector } from './simulated-connector.ts';
import { createSimulatedControl, type SimulatedControl } from './simulated-control.ts';
import { parseSimulatedSettings } from './simulated-settings.ts';
import { World } from './world.ts';
import type { WorldUnit } from './world-entry.ts';
import { createDiskWorldFile, type WorldFile } from './world-file.ts';

export { type Fault, type FaultOrder, faultCodes, faultEffects, faultVerbs, parseFaultOrder } from './fault.ts';
export type { Crash, CrashPoint } from './simulated-calls.ts';
export type { SimulatedControl } from './simulated-control.ts';
export { orderSimulated } from './simulated-orders.ts';
export type { EffectCount, WorldEntry, WorldSnapshot, WorldUnit } from './world-entry.ts';
export { createDiskWorldFile, createMemoryWorldFile, type WorldFile } from './world-file.ts';

export interface SimulatedOptions {
  infra: InfraConfig;
  /** Folder of the worlds, one file per infra. */
  worldFolder: string;
  clock: Clock;
  random: Random;
  log: Logger;
  crash: Crash;
  /** In place of the file in `worldFolder`. */
  worldFile?: WorldFile;
}

export interface SimulatedInfra {
  connector: Connector;
  control: SimulatedControl;
}

/** Opens the simulated infra's world where it was left. @throws SkerryError PlatformRefused when settings are wrong */
export async function openSimulatedInfra(options: SimulatedOptions): Promise<SimulatedInfra> {
  const { infra, clock, random, crash } = options;
  const settings = parseSimulatedSettings(infra.settings);
  const file = options.worldFile ?? createDiskWorldFile(path.join(options.worldFolder, `${fileName(infra)}.json`));
  const listeners = new Set<(key: ObjectKey | undefined) => void>();
  const bootTimers = new Set<() => void>();
  const tell = (key: ObjectKey | undefined) => {
    for (const listener of listeners) listener(key);
  };
  const tellWhenBooted = (unit: WorldUnit) => {
    const restMs = unit.readyAt - clock.now();
    if (restMs <= 0) return;
    const cancel = clock.timer(restMs, () => {
      bootTimers.delete(cancel);
      tell(unit.key);
    });
    bootTimers.add(cancel);
  };
  const world = await World.open(file, (unit) => {
    tell(unit?.key);
    if (unit !== undefined) tellWhenBooted(unit);
  });
  for (const unit of world.units.values()) tellWhenBooted(unit);
  const calls = new SimulatedCalls({ world, clock, callMs: settings.callMs, crash });
  const close = async () => {
    for (const cancel of bootTimers) cancel();
    await file.close();
  };
  const connector = new SimulatedConnector({ settings, world, calls, clock, random, listeners, close });
  return { connector, control: createSimulatedControl({ world, calls, clock, random }) };
}

/** An infra's id comes from the controller: nothing of it may lead out of the folder. */
function fileName(infra: InfraConfig): string {
  return infra.infraId.replace(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '_');
}
