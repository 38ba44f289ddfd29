import { CliError, exitCodes } from './exit-codes.ts';

/** Asks on the terminal without showing what is typed. */
export async function askPassword(prompt: string, signal: AbortSignal): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(prompt);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.resume();
  try {
    return await new Promise<string>((resolve, reject) => {
      let typed = '';
      const giveUp = () => reject(new CliError(exitCodes.usage, 'no password was given'));
      signal.addEventListener('abort', giveUp, { once: true });
      stdin.on('data', (text: string) => {
        for (const key of text) {
          if (key === '\r' || key === '\n') return resolve(typed);
          if (key === '\u0003' || key === '\u0004') return giveUp();
          typed = key === '\u007f' || key === '\b' ? typed.slice(0, -1) : typed + key;
        }
      });
    });
  } finally {
    stdin.removeAllListeners('data');
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}
