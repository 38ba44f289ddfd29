import path from 'node:path';
import { createConnectorRegistry } from '#agent/connectors/index.ts';
import { createHealingPolicy } from '#agent/policy/index.ts';
import { createOutbox } from '#agent/report/index.ts';
import { createSeek } from '#agent/seek/index.ts';
import { agentKeys, openAgentStore } from '#agent/store/index.ts';
import { silentLogger, systemClock, systemRandom } from '#shared/runtime/index.ts';
import { computeObject, infraId, infraObject, networkObject, ScriptedIntent } from './scripted-intent.ts';

/**
 * An agent's engine as a process of its own, on real files: `node site-process.ts HOME [CRASH POINT]`. It makes one service,
 * prints what the platform counted when the service is reached, and exits; or it is killed where the fault says.
 */
const [home = '', verb, point] = process.argv.slice(2);
const shared = { clock: systemClock, random: systemRandom, log: silentLogger };
const store = await openAgentStore(path.join(home, 'store'), shared);
const holder = new ScriptedIntent(store);
const connectors = createConnectorRegistry({ home, ...shared });
const bootId = systemRandom.uuid();
const seek = createSeek({
  store,
  holder,
  outbox: createOutbox({ store, ...shared }),
  connectors,
  policy: createHealingPolicy({ clock: systemClock, bootId }),
  siteId: 'site-a',
  agentId: 'agent-a',
  bootId,
  ...shared,
});
await seek.start();
if (holder.head().generation === 0) await holder.commit([infraObject()]);
await seek.idle();
const control = connectors.simulated(infraId)!;
if (verb !== undefined)
  await control.fault({
    effect: 'crash',
    verb: verb as 'ensure',
    point: point as 'before-call',
    times: 1,
    kind: 'compute',
  });
if (holder.head().generation === 1) await holder.commit([networkObject('lan'), computeObject('vm', ['lan'])]);
while (store.get(agentKeys.reached('ns-1')) === undefined) await new Promise((resolve) => setImmediate(resolve));
console.log(JSON.stringify(control.world()));
await seek.stop();
await store.close();
