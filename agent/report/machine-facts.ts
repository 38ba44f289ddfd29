import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Logger } from '#shared/runtime/index.ts';
import type { MachineFacts } from '#shared/wire/frames.ts';
import { type AgentStore, agentKeys } from '../store/index.ts';

const timeoutMs = 20_000;
const maxOutputBytes = 64 * 1024;
/** Beside this file, with its extension: a bundle has it as a program of its own. */
const program = fileURLToPath(new URL(`./machine-facts-process${path.extname(import.meta.filename)}`, import.meta.url));

/** What does not change while the machine runs, from `systeminformation` in a process that ends. @throws Error */
export async function readMachineFacts(): Promise<MachineFacts> {
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    timeout: timeoutMs,
    maxBuffer: maxOutputBytes,
    killSignal: 'SIGKILL',
  });
  return JSON.parse(stdout) as MachineFacts;
}

/**
 * The facts that are known: those of the former start until they have been read anew, which is done once per start, when the
 * agent has something better behind it.
 */
export class KnownMachine {
  readonly #store: AgentStore;
  readonly #log: Logger;
  readonly #read: () => Promise<MachineFacts>;

  constructor(store: AgentStore, log: Logger, read: () => Promise<MachineFacts> = readMachineFacts) {
    this.#store = store;
    this.#log = log;
    this.#read = read;
  }

  facts(): MachineFacts | undefined {
    return this.#store.get<MachineFacts>(agentKeys.machine);
  }

  /** Never throws: without it the agent only says less. */
  async refresh(): Promise<void> {
    try {
      const facts = await this.#read();
      await this.#store.transact((tx) => tx.put(agentKeys.machine, facts));
    } catch (error) {
      this.#log.warn({ error }, 'the facts of this machine could not be read');
    }
  }
}
