/** Serialises work that touches the same keys. Keys are taken in one order, so that two works never wait for each other. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<void>>();

  async hold<R>(keys: readonly string[], work: () => Promise<R>): Promise<R> {
    const releases: (() => void)[] = [];
    for (const key of [...new Set(keys)].sort()) releases.push(await this.#take(key));
    try {
      return await work();
    } finally {
      for (const release of releases) release();
    }
  }

  async #take(key: string): Promise<() => void> {
    const before = this.#tails.get(key);
    let open = () => {};
    const tail = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#tails.set(key, tail);
    await before;
    return () => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
      open();
    };
  }
}
