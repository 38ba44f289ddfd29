import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import { SkerryError } from '#shared/errors/index.ts';
import type { Clock } from '#shared/runtime/index.ts';
import type { NorthboundApp } from './plugin.ts';

/** Requests per client address and minute. */
const requestsPerMinute = 60_000;

/** For answers that are data: a browser that shows one loads and runs nothing. The documentation has a policy of its own. */
const nothingRuns = { defaultSrc: ["'none'"], frameAncestors: ["'none'"] };

const pressureSampleMs = 1000;

/** Security headers, a generous rate limit (loopback is exempt), and 503 instead of a slow death. */
export async function registerProtection(app: NorthboundApp, clock: Clock): Promise<void> {
  await app.register(helmet, { global: true, contentSecurityPolicy: { useDefaults: false, directives: nothingRuns } });
  await app.register(rateLimit, {
    global: true,
    max: requestsPerMinute,
    timeWindow: 60_000,
    cache: 10_000,
    allowList: (request) => isLoopback(request.ip),
    addHeaders: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
    addHeadersOnExceeding: { 'x-ratelimit-limit': false, 'x-ratelimit-remaining': false, 'x-ratelimit-reset': false },
  });
  // A start keeps the event loop busy too: the samples that hold some of it say nothing about load.
  let countsFrom = Number.POSITIVE_INFINITY;
  app.addHook('onListen', async () => {
    countsFrom = clock.mono() + 2 * pressureSampleMs;
  });
  await app.register(underPressure, {
    maxEventLoopDelay: 2000,
    sampleInterval: pressureSampleMs,
    pressureHandler: () => {
      if (clock.mono() < countsFrom) return;
      throw new SkerryError('Unavailable', 'The controller is overloaded.', { remedy: 'Try again in a moment.' });
    },
  });
}

function isLoopback(address: string): boolean {
  return address === '127.0.0.1' || address === '::1' || address === '::ffff:127.0.0.1';
}
