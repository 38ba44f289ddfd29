import type { Clock, Component, Logger, Random } from '#shared/runtime/index.ts';
import { type AgentCredentials, notBeforeOf } from './credentials.ts';

/** Timers overflow past 24.8 days and clocks jump: what is due is looked at anew every minute. */
const checkEveryMs = 60_000;
const retryAfterMs = 600_000;

/** Renews the certificate from half of its life on, at a moment that differs from agent to agent. */
export function createRenewal(given: {
  credentials: () => AgentCredentials;
  renew: () => Promise<unknown>;
  clock: Clock;
  random: Random;
  log: Logger;
}): Component {
  const { clock, log } = given;
  const jitter = given.random.next();
  let cancel: () => void = () => undefined;
  let isStopped = false;
  let running: Promise<void> = Promise.resolve();
  let notBeforeMono = 0;

  async function check(): Promise<void> {
    const { certPem, notAfter } = given.credentials();
    const isTried = clock.mono() < notBeforeMono;
    if (!isTried && clock.now() >= renewalDueAt(notBeforeOf(certPem), notAfter, jitter)) {
      notBeforeMono = clock.mono() + retryAfterMs;
      await given.renew().then(
        () => log.info({}, 'the certificate of this agent was renewed'),
        (error: unknown) =>
          log.warn({ error }, 'the certificate of this agent could not be renewed; tried again later'),
      );
    }
    if (!isStopped) arm();
  }
  function arm(): void {
    cancel = clock.timer(checkEveryMs, () => {
      running = check();
    });
  }
  return {
    start: async () => arm(),
    stop: async () => {
      isStopped = true;
      cancel();
      await running;
    },
  };
}

/** Between half and three quarters of the certificate's life. Pure; epoch ms. */
export function renewalDueAt(notBefore: number, notAfter: number, jitter: number): number {
  return notBefore + (notAfter - notBefore) * (0.5 + jitter / 4);
}
