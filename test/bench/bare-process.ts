import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface BareProcess {
  pid: number;
  port: number;
  stop(): Promise<void>;
}

/** Starts a program of `processes/`, hands it what it serves, and waits for its port. */
export async function startBareProcess(program: string, order: object): Promise<BareProcess> {
  const child = fork(fileURLToPath(new URL(`./processes/${program}`, import.meta.url)), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  child.send(order);
  const [answer] = (await once(child, 'message')) as [{ port: number }];
  return {
    pid: child.pid ?? 0,
    port: answer.port,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
