import { setTimeout as wait } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import { CountingLink, type LinkCount } from '../counting-link.ts';
import { measured } from '../measurement.ts';
import { Testbed } from '../testbed.ts';

/**
 * IPv4 and TCP with timestamps take 52 bytes a packet; a question and its answer are two segments and one acknowledgement
 * (the other rides on the answer), a lone message is one and one: two packets a segment at most, one and a half as a rule.
 */
const headerBytes = 1.5 * 52;
const dayMs = 86_400_000;
/** The agent's default, and what the bench sets so that some messages fall into its watch. */
const telemetryMs = { usual: 300_000, watched: 10_000 };
/** A ping of MQTT and its answer over TLS: 2 × (2 bytes and a TLS 1.3 record of 22), every 290 s while nothing else is sent. */
const mqttPingBytes = { payload: 48, segments: 2 };

export const idleBytes: Bench = {
  name: 'idle-bytes',
  title: 'Bytes on the wire of an idle agent in a day: session stream and telemetry, watched and extrapolated',
  run: async (context) => {
    const environment = { SKERRY_TELEMETRY_INTERVAL_MS: String(telemetryMs.watched) };
    return Testbed.with({ agentEnvironment: environment }, async (testbed) => {
      const { agent } = testbed;
      await testbed.instantiateMany(1, 'here', 1);
      const links = await countedLinks(testbed);
      // What a beginning costs (handshake, Hello, first reports) is no part of an idle day.
      await wait(15_000);
      const watchMs = context.count(120_000, 60_000);
      const before = { sync: { ...links.sync.count }, mqtt: { ...links.mqtt.count } };
      context.say(`watching for ${watchMs / 1000} s`);
      await wait(watchMs);
      const sync = scaled(difference(links.sync.count, before.sync), dayMs / watchMs);
      const telemetry = scaled(
        difference(links.mqtt.count, before.mqtt),
        (dayMs / watchMs) * (telemetryMs.watched / telemetryMs.usual),
      );
      const pings = {
        payloadBytes: (dayMs / 290_000) * mqttPingBytes.payload,
        segments: (dayMs / 290_000) * mqttPingBytes.segments,
      };
      const mqtt = sum(telemetry, pings);
      await agent.process.stop();
      for (const link of [links.sync, links.mqtt]) link.stop();
      const row = (what: string, count: LinkCount, isGoal: boolean) => [
        measured({
          what: `${what}, TLS records`,
          unit: 'kB/day',
          samples: [count.payloadBytes / 1000],
          goals: isGoal ? [{ of: 'median', atMost: 1000 }] : [],
        }),
        measured({
          what: `${what}, with TCP and IP headers`,
          unit: 'kB/day',
          samples: [(count.payloadBytes + count.segments * headerBytes) / 1000],
          goals: isGoal ? [{ of: 'median', atMost: 1000 }] : [],
          note: isGoal ? '52 bytes a packet, three packets to two segments' : undefined,
        }),
      ];
      return [
        ...row('session stream', sync, false),
        ...row('telemetry', mqtt, false),
        ...row('both', sum(sync, mqtt), true),
      ];
    });
  },
};

/** Starts the agent anew through links that count. */
async function countedLinks({ agent }: Testbed): Promise<{ sync: CountingLink; mqtt: CountingLink }> {
  const sync = new CountingLink(() => agent.links.sync.address.port);
  const mqtt = new CountingLink(() => agent.links.mqtt.address.port);
  await Promise.all([sync.start(), mqtt.start()]);
  await agent.process.stop();
  Object.assign(agent.environment, {
    SKERRY_SYNC_ADDRESS: `127.0.0.1:${sync.port}`,
    SKERRY_MQTT_ADDRESS: `127.0.0.1:${mqtt.port}`,
  });
  await agent.process.start();
  return { sync, mqtt };
}

function difference(a: LinkCount, b: LinkCount): LinkCount {
  return { payloadBytes: a.payloadBytes - b.payloadBytes, segments: a.segments - b.segments };
}

function scaled(count: LinkCount, by: number): LinkCount {
  return { payloadBytes: count.payloadBytes * by, segments: count.segments * by };
}

function sum(a: LinkCount, b: LinkCount): LinkCount {
  return { payloadBytes: a.payloadBytes + b.payloadBytes, segments: a.segments + b.segments };
}
