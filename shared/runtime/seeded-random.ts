import type { Random } from './random.ts';

/** xoshiro128** seeded by splitmix32: the same seed gives the same numbers, uuids and bytes on every machine. Not for secrets. */
export class SeededRandom implements Random {
  #state: Uint32Array;

  constructor(seed: number) {
    let mixed = seed >>> 0;
    this.#state = Uint32Array.from({ length: 4 }, () => {
      mixed = (mixed + 0x9e3779b9) >>> 0;
      let word = mixed ^ (mixed >>> 16);
      word = Math.imul(word, 0x21f0aaad);
      word ^= word >>> 15;
      word = Math.imul(word, 0x735a2d97);
      return (word ^ (word >>> 15)) >>> 0;
    });
  }

  next(): number {
    // 53 bits, as many as a double holds.
    return ((this.#word() >>> 5) * 2 ** 26 + (this.#word() >>> 6)) / 2 ** 53;
  }

  /** RFC 9562 version 4 in form. */
  uuid(): string {
    const digits = this.hex(16).split('');
    digits[12] = '4';
    digits[16] = '89ab'[Number.parseInt(digits[16]!, 16) & 3]!;
    const text = digits.join('');
    return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
  }

  hex(byteCount: number): string {
    let text = '';
    while (text.length < byteCount * 2) text += this.#word().toString(16).padStart(8, '0');
    return text.slice(0, byteCount * 2);
  }

  /** An independent stream for a part of a simulation, so that one part's use of numbers does not shift another's. */
  fork(): SeededRandom {
    return new SeededRandom(this.#word());
  }

  #word(): number {
    const s = this.#state;
    const result = Math.imul(rotateLeft(Math.imul(s[1]!, 5), 7), 9) >>> 0;
    const carried = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= carried;
    s[3] = rotateLeft(s[3]!, 11);
    return result;
  }
}

function rotateLeft(word: number, by: number): number {
  return ((word << by) | (word >>> (32 - by))) >>> 0;
}
