import { hash, verify } from '@node-rs/argon2';
import type { Bench } from '../bench.ts';
import { measured } from '../measurement.ts';
import { password, Testbed } from '../testbed.ts';

/** As the controller hashes: OWASP's setting for argon2id. */
const argon2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export const login: Bench = {
  name: 'login',
  title: 'Log in: request to token, with argon2 and apart from it',
  run: (context) =>
    Testbed.with({ agentCount: 0 }, async ({ api }) => {
      const stored = await hash(password, argon2);
      const own: number[] = [];
      const bare: number[] = [];
      for (let n = -5; n < context.count(60, 15); n++) {
        const began = performance.now();
        await api.login({ username: 'admin', password });
        const between = performance.now();
        await verify(stored, password);
        if (n < 0) continue;
        own.push(between - began);
        bare.push(performance.now() - between);
      }
      return [
        measured({ what: 'login', samples: own, bare: { what: 'argon2 alone', samples: bare } }),
        measured({
          what: 'login apart from argon2',
          samples: own.map((took, index) => Math.max(0, took - (bare[index] ?? 0))),
          goals: [{ of: 'median', atMost: 5 }],
          note: 'each login less the argon2 verification that ran right after it',
        }),
      ];
    }),
};
