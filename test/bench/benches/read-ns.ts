import { withBareHttp } from '../bare-http.ts';
import type { Bench, BenchContext } from '../bench.ts';
import { type HttpRate, requestRate } from '../http-load.ts';
import { type Measurement, measured } from '../measurement.ts';
import { Testbed } from '../testbed.ts';

const version = '2.3.0';
const connections = 10;

export const readNs: Bench = {
  name: 'read-ns',
  title: 'GET one NS: requests per second against bare Fastify with the same bytes; list of 300 instantiated NS',
  run: async (context) => [
    ...(await Testbed.with({ isPlainHttp: true }, (testbed) => getOne(testbed, context, false))),
    ...(await Testbed.with({}, async (testbed) => {
      const tls = await getOne(testbed, context, true);
      context.say('instantiating 300 NS');
      await testbed.instantiateMany(299, 'list');
      return [
        ...tls,
        await list(testbed, context, { what: 'list of 300 NS, one page', query: '', isGoal: true }),
        await list(testbed, context, { what: 'list of 300 NS, all fields', query: '?all_fields' }),
        await list(testbed, context, {
          what: 'list of 300 NS, filtered to one',
          query: '?filter=(eq,nsInstanceName,list-150)',
        }),
      ];
    })),
  ],
};

/** Alternating runs, so that a noise of the machine meets both. */
async function getOne(testbed: Testbed, context: BenchContext, isTls: boolean): Promise<Measurement[]> {
  const [id] = await testbed.instantiateMany(1, 'read', 1);
  const path = `/nslcm/v2/ns_instances/${id}`;
  const answer = await testbed.api.http.call<object>('GET', path, { headers: { version } });
  const body = JSON.stringify(answer.body);
  const headers = { authorization: `Bearer ${testbed.api.http.token}`, version };
  const shape = { connections, seconds: context.count(5, 1) };
  const own: HttpRate[] = [];
  const bare: HttpRate[] = [];
  const pid = testbed.controller.identity?.pid ?? 0;
  await withBareHttp({ body, contentType: 'application/json', isTls }, async (server) => {
    for (let round = -1; round < context.count(3, 1); round++) {
      const bareRate = await requestRate({ url: server.url, headers, ...shape }, server.pid);
      const ownRate = await requestRate({ url: `${testbed.northboundUrl}${path}`, headers, ...shape }, pid);
      if (round < 0) continue;
      bare.push(bareRate);
      own.push(ownRate);
    }
  });
  const row = (unit: string, rate: (one: HttpRate) => number) =>
    measured({
      what: `GET one NS, ${isTls ? 'TLS' : 'plain HTTP'}`,
      unit,
      samples: own.map(rate),
      bare: { what: 'bare Fastify', samples: bare.map(rate) },
      goals: [{ of: 'ratio', atLeast: 0.6 }],
      note: `${body.length} bytes, ${connections} connections`,
    });
  return [row('req/s', (one) => one.perSecond), row('req/CPU s', (one) => one.perProcessorSecond)];
}

async function list(
  testbed: Testbed,
  context: BenchContext,
  given: { what: string; query: string; isGoal?: boolean },
): Promise<Measurement> {
  const path = `/nslcm/v2/ns_instances${given.query}`;
  const read = () => testbed.api.http.call<unknown[]>('GET', path, { headers: { version } });
  const { body } = await read();
  const text = JSON.stringify(body);
  return withBareHttp({ body: text, contentType: 'application/json', isTls: true }, async ({ client }) => {
    const own: number[] = [];
    const bare: number[] = [];
    for (let n = -10; n < context.count(100, 20); n++) {
      const began = performance.now();
      await read();
      const between = performance.now();
      await client.call('GET', '/');
      if (n < 0) continue;
      own.push(between - began);
      bare.push(performance.now() - between);
    }
    return measured({
      what: given.what,
      samples: own,
      bare: { what: 'bare Fastify', samples: bare },
      goals: given.isGoal === true ? [{ of: 'median', atMost: 8 }] : [],
      note: `${body.length} resources in the answer, ${text.length} bytes`,
    });
  });
}
