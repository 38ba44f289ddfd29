export type ServerProgram = 'agent' | 'controller';

export interface ProcessSettings {
  /** For Node itself, before the program's name. */
  flags: readonly string[];
  environment: Readonly<Record<string, string>>;
}

/**
 * How Node is to be started for our programs; the documents and benches name the effect. An agent lives on small machines and
 * does little: its young generation is kept small and code for size. A controller keeps V8's optimisations and a larger young
 * generation, because it answers requests. glibc otherwise keeps eight arenas a core of freed memory.
 */
export const processSettings: Readonly<Record<ServerProgram, ProcessSettings>> = {
  agent: {
    flags: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=1', '--optimize-for-size'],
    environment: { MALLOC_ARENA_MAX: '1' },
  },
  controller: {
    flags: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4'],
    environment: { MALLOC_ARENA_MAX: '2' },
  },
};
