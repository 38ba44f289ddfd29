import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import { SkerryError } from '#shared/errors/index.ts';
import type { Clock } from '#shared/runtime/index.ts';
import type { NorthboundApp } from './plugin.ts';

/** Requests per client address and minute. */
const requestsPerMinute = 60_000;

/**
 * Of every answer. Those are data: a browser that shows one loads and runs nothing; the documentation has a policy of its own.
 * Headers of the reply and not of the socket's answer, because Node writes the latter one by one.
 */
export const securityHeaders = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'SAMEORIGIN',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
} as const;
const maxAddresses = 10_000;

const pressureSampleMs = 1000;

/** Security headers, a generous rate limit (loopback is exempt), and 503 instead of a slow death. */
export async function registerProtection(app: NorthboundApp, clock: Clock, limit = requestsPerMinute): Promise<void> {
  const admit = createAdmission(clock, limit);
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(securityHeaders);
    admit(request.ip);
    done();
  });
  // Only for routes with a limit of their own.
  await app.register(rateLimit, {
    global: false,
    cache: maxAddresses,
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

/** Counts requests per address and minute. Forgets all counts every minute, and sooner when there are too many addresses. */
function createAdmission(clock: Clock, limit: number): (address: string) => void {
  const counts = new Map<string, number>();
  let endsAt = 0;
  return (address) => {
    if (isLoopback(address)) return;
    const now = clock.mono();
    if (now >= endsAt || counts.size >= maxAddresses) {
      counts.clear();
      endsAt = now + 60_000;
    }
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    if (count <= limit) return;
    throw new SkerryError('TooManyRequests', 'Too many requests from this client.', { remedy: 'Slow down.' });
  };
}

function isLoopback(address: string): boolean {
  return address === '127.0.0.1' || address === '::1' || address === '::ffff:127.0.0.1';
}
