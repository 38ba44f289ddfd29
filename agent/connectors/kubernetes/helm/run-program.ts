import { spawn } from 'node:child_process';
import { SkerryError } from '#shared/errors/index.ts';

export interface ProgramCall {
  /** Path or name on PATH. */
  program: string;
  /** Given as they are; no shell sees them. */
  args: readonly string[];
  input?: string;
  environment: Record<string, string | undefined>;
  folder?: string;
  timeoutMs: number;
  maxOutputBytes: number;
  signal: AbortSignal;
}

/**
 * Standard output of a program that ended well.
 * @throws SkerryError PlatformUnavailable (not installed, or too slow), PlatformRefused (it said no: its last words), Aborted
 */
export function runProgram(call: ProgramCall): Promise<string> {
  const { program, args, environment, folder, timeoutMs, maxOutputBytes, signal } = call;
  if (signal.aborted) return Promise.reject(new SkerryError('Aborted', `${program} was not started`));
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: folder,
      env: environment as NodeJS.ProcessEnv,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const output: Buffer[] = [];
    let size = 0;
    let words = '';
    const stop = () => child.kill('SIGKILL');
    const patience = AbortSignal.timeout(timeoutMs);
    const ends = [signal, patience];
    for (const end of ends) end.addEventListener('abort', stop, { once: true });
    const settled = () => {
      for (const end of ends) end.removeEventListener('abort', stop);
    };
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxOutputBytes) output.push(chunk);
      else stop();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      words = `${words}${chunk.toString('utf8')}`.slice(-4000);
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(call.input ?? '');
    child.on('error', (cause) => {
      settled();
      const message = `${program} cannot be run on this node: ${cause.message}`;
      reject(
        new SkerryError('PlatformUnavailable', message, { cause, remedy: `Install ${program} beside the agent.` }),
      );
    });
    child.on('close', (code, killedBy) => {
      settled();
      if (signal.aborted) return reject(new SkerryError('Aborted', `${program} was stopped`, { cause: signal.reason }));
      if (size > maxOutputBytes)
        return reject(new SkerryError('PlatformRefused', `${program} printed more than ${maxOutputBytes} bytes`));
      if (killedBy !== null)
        return reject(new SkerryError('PlatformUnavailable', `${program} took longer than ${timeoutMs} ms`));
      if (code === 0) return resolve(Buffer.concat(output).toString('utf8'));
      reject(new SkerryError('PlatformRefused', lastWords(program, words)));
    });
  });
}

function lastWords(program: string, words: string): string {
  const lines = words
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(level=|WARNING|walk\.go|time=)/.test(line));
  return `${program}: ${lines.join(' ').slice(-600) || 'failed without a word'}`;
}
