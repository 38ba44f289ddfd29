import type { CliContext } from './cli-context.ts';

/**
 * One line a key, kept up to date in place on a terminal; elsewhere (a log, a pipe) each change is a line of its own.
 * Written to standard output when `target` is out: the demo's progress is its result.
 */
export class LiveLines {
  readonly #context: CliContext;
  readonly #target: 'out' | 'err';
  readonly #lines = new Map<string, string>();
  #shown = 0;

  constructor(context: CliContext, target: 'out' | 'err' = 'err') {
    this.#context = context;
    this.#target = target;
  }

  set(key: string, text: string): void {
    if (this.#lines.get(key) === text) return;
    this.#lines.set(key, text);
    if (this.#isTerminal) this.#draw();
    else this.#write(`${key}  ${text}\n`);
  }

  /** What was drawn stays; later lines begin below it. */
  finish(): void {
    this.#shown = 0;
    this.#lines.clear();
  }

  get #isTerminal(): boolean {
    return this.#target === 'out' ? this.#context.isOutTerminal : this.#context.isErrTerminal;
  }

  #draw(): void {
    const width = Math.max(...[...this.#lines.keys()].map((key) => key.length));
    const room = Math.max(20, this.#context.columns - 1);
    const lines = [...this.#lines].map(([key, text]) => `${key.padEnd(width)}  ${text}`.slice(0, room));
    const up = this.#shown === 0 ? '' : `\u001b[${this.#shown}A`;
    this.#write(`${up}${lines.map((line) => `\u001b[2K${line}\n`).join('')}`);
    this.#shown = lines.length;
  }

  #write(text: string): void {
    if (this.#target === 'out') this.#context.out(text);
    else this.#context.err(text);
  }
}

/** `[#####-----] 5/10`. */
export function progressBar(ready: number, total: number, width = 20): string {
  const share = total === 0 ? 1 : Math.min(1, ready / total);
  const filled = Math.round(share * width);
  return `[${'#'.repeat(filled)}${'-'.repeat(width - filled)}] ${ready}/${total}`;
}
