import { randomBytes, randomUUID } from 'node:crypto';

/** Randomness as the program sees it: injected for simulation. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  uuid(): string;
  hex(byteCount: number): string;
}

export const systemRandom: Random = {
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  uuid: () => randomUUID(),
  hex: (byteCount) => randomBytes(byteCount).toString('hex'),
};
