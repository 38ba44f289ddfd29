/** Symbolic links of a package, resolved as POSIX does but without a file system, so that none is followed by accident. */
export class LinkMap {
  readonly #targets = new Map<string, string>();

  add(path: string, target: string): void {
    this.#targets.set(path, target);
  }

  get entries(): ReadonlyMap<string, string> {
    return this.#targets;
  }

  has(path: string): boolean {
    return this.#targets.has(path);
  }

  /** The first link on the way to a path, itself left out. */
  linkAbove(parts: string[]): string | undefined {
    let prefix = '';
    for (const part of parts.slice(0, -1)) {
      prefix = prefix === '' ? part : `${prefix}/${part}`;
      if (this.#targets.has(prefix)) return prefix;
    }
    return undefined;
  }

  /** Where a path leads inside the package; undefined when it leaves the package or never ends. */
  resolve(path: string): string | undefined {
    const open = path.split('/');
    const done: string[] = [];
    let hops = 0;
    while (open.length > 0) {
      const part = open.shift() ?? '';
      if (part === '' || part === '.') continue;
      if (part === '..') {
        if (done.pop() === undefined) return undefined;
        continue;
      }
      done.push(part);
      const target = this.#targets.get(done.join('/'));
      if (target === undefined) continue;
      hops += 1;
      if (hops > 40 || target.startsWith('/')) return undefined;
      done.pop();
      open.unshift(...target.split('/'));
    }
    return done.join('/');
  }
}
