import { systemClock } from '#shared/runtime/index.ts';
import type { CliContext } from '../cli-context.ts';

export interface TestContext extends CliContext {
  outText: string;
  errText: string;
  abort(): void;
}

/** A world for one command line: no terminal, output kept. */
export function testContext(
  folder: string,
  environment: Record<string, string> = {},
  input = '',
  isTerminal = false,
): TestContext {
  const controller = new AbortController();
  const context: TestContext = {
    environment: { PATH: process.env['PATH'], ...environment },
    folder,
    homeFolder: folder,
    clock: systemClock,
    outText: '',
    errText: '',
    out: (text) => {
      context.outText += text;
    },
    err: (text) => {
      context.errText += text;
    },
    isOutTerminal: isTerminal,
    isErrTerminal: isTerminal,
    isInTerminal: false,
    hasColours: false,
    columns: 100,
    readInput: async () => input,
    signal: controller.signal,
    abort: () => controller.abort('test'),
  };
  return context;
}
