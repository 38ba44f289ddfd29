import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock } from '#shared/runtime/index.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { identifyProcess, type ProcessIdentity } from './process-identity.ts';

export interface ManagedChildOptions {
  name: string;
  /** Program and arguments. */
  command: readonly [string, ...string[]];
  folder: string;
  environment: () => Record<string, string | undefined>;
  logFile: string;
  clock: Clock;
  /** Until the ready line. */
  readyTimeoutMs?: number;
  /** From SIGTERM to SIGKILL. */
  stopTimeoutMs?: number;
  /** Called whenever it starts or ends. `isExpected` is false when nobody here asked for its end. */
  onChange?: (child: ManagedChild, isExpected: boolean) => void;
}

export type ChildState = 'stopped' | 'starting' | 'running';

/** What a child prints on standard output when it serves: one JSON line. */
export type ReadyLine = { ready: true } & Record<string, unknown>;

/** One operating-system process of the demo: started, watched, stopped or killed, its output in a log file. */
export class ManagedChild {
  readonly name: string;
  readonly #options: ManagedChildOptions;
  #process: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #isEndExpected = false;
  #state: ChildState = 'stopped';
  identity: ProcessIdentity | undefined;
  /** How the last one ended, for people. */
  lastEnd = '';
  readyAfterMs: number | undefined;

  constructor(options: ManagedChildOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get state(): ChildState {
    return this.#state;
  }

  /** Resolves with the ready line. Rejects when the process ends before, or takes too long. */
  start(): Promise<ReadyLine> {
    if (this.#state !== 'stopped') {
      return Promise.reject(new CliError(exitCodes.conflict, `${this.name} runs already`));
    }
    const { command, folder, environment, clock } = this.#options;
    const startedAt = clock.mono();
    const log = this.#openLog();
    const [program, ...args] = command;
    // In a group of its own: Ctrl-C in the terminal reaches the demo, which then stops its children in order.
    const child = spawn(program, args, {
      cwd: folder,
      env: environment(),
      stdio: ['ignore', 'pipe', log],
      detached: true,
    });
    this.#process = child;
    this.#isEndExpected = false;
    this.#state = 'starting';
    this.identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
    const ready = this.#readiness(child, log, startedAt);
    this.#exited = new Promise((resolve) => {
      const onEnd = (end: string) => {
        this.lastEnd = end;
        this.#state = 'stopped';
        this.#process = undefined;
        this.identity = undefined;
        closeSync(log);
        this.#options.onChange?.(this, this.#isEndExpected);
        resolve();
      };
      let isOver = false;
      const once = (end: string) => {
        if (!isOver) onEnd(end);
        isOver = true;
      };
      child.once('error', (error) => once(error.message));
      // By then all of its output has been read.
      child.once('close', (code, signal) => once(signal === null ? `exit code ${code}` : `signal ${signal}`));
    });
    this.#options.onChange?.(this, true);
    return ready;
  }

  /** SIGTERM, then SIGKILL when it does not end in time. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#isEndExpected = true;
    child.kill('SIGTERM');
    const cancel = this.#options.clock.timer(this.#options.stopTimeoutMs ?? 8000, () => child.kill('SIGKILL'));
    await this.#exited;
    cancel();
  }

  /** SIGKILL, as a power cut. */
  async kill(): Promise<void> {
    this.#isEndExpected = true;
    this.#process?.kill('SIGKILL');
    await this.#exited;
  }

  #openLog(): number {
    mkdirSync(path.dirname(this.#options.logFile), { recursive: true });
    return openSync(this.#options.logFile, 'a', 0o600);
  }

  #readiness(child: ChildProcess, log: number, startedAt: number): Promise<ReadyLine> {
    const { clock, readyTimeoutMs = 30_000, logFile } = this.#options;
    return new Promise((resolve, reject) => {
      const give = (message: string) =>
        reject(new CliError(exitCodes.failed, `${this.name} ${message}`, `see ${logFile}`));
      const cancel = clock.timer(readyTimeoutMs, () => give(`was not ready after ${readyTimeoutMs / 1000} s`));
      child.once('error', (error) => {
        cancel();
        give(`could not be started: ${error.message}`);
      });
      child.once('close', (code, signal) => {
        cancel();
        give(`ended before it was ready (${signal ?? `exit code ${code}`})`);
      });
      if (child.stdout === null) return;
      createInterface({ input: child.stdout }).on('line', (line) => {
        writeSync(log, `${line}\n`);
        const ready = this.#state === 'starting' ? parseReadyLine(line) : undefined;
        if (ready === undefined) return;
        cancel();
        this.#state = 'running';
        this.readyAfterMs = clock.mono() - startedAt;
        resolve(ready);
      });
    });
  }
}

function parseReadyLine(line: string): ReadyLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(line) as ReadyLine;
    return value.ready === true ? value : undefined;
  } catch {
    return undefined;
  }
}
