import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import type { CommandHost } from '../command-host.ts';
import { CliError, exitCodes } from '../exit-codes.ts';

interface LoginOptions {
  user: string;
  project?: string;
  ca?: string;
  passwordStdin: boolean;
}

export function addLoginCommands(program: Command, { context }: CommandHost): void {
  program
    .command('login <url>')
    .description('log in to a controller and remember it; the password is asked for, or comes from SKERRY_PASSWORD')
    .option('-u, --user <name>', 'user name', 'admin')
    .option('--project <name>', 'project to work in')
    .option('--ca <file>', "the controller's CA certificate (its <SKERRY_HOME>/ca/ca.cert.pem)")
    .option('--password-stdin', 'read the password from standard input', false)
    .action((url: string, options: LoginOptions) => login(context, url, options));
  program
    .command('token')
    .description('print a bearer token for scripts: curl -H "Authorization: Bearer $(skerry token)" …')
    .action(async () => {
      const { freshLogin } = await import('../session.ts');
      context.out(`${(await freshLogin(context)).token}\n`);
    });
}

async function login(context: CliContext, address: string, options: LoginOptions): Promise<void> {
  const url = readUrl(address);
  const caPem = options.ca === undefined ? undefined : await readCa(path.resolve(context.folder, options.ca));
  const password = await readPassword(context, options);
  const [{ logIn }, { loginPath }] = await Promise.all([import('../session.ts'), import('../login-file.ts')]);
  const kept = await logIn(
    context,
    { url, username: options.user, ...(caPem && { caPem }), ...(options.project && { project: options.project }) },
    password,
  );
  context.err(`logged in to ${url} as ${kept.username}; kept in ${loginPath(context)}\n`);
}

function readUrl(address: string): string {
  const isUrl = URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
  if (isUrl) return new URL(address).origin;
  throw new CliError(exitCodes.usage, `${address} is no address of a controller`, 'give it as https://host:9999');
}

async function readCa(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new CliError(exitCodes.usage, `the CA certificate cannot be read: ${error.message}`);
  });
  if (text.includes('BEGIN CERTIFICATE')) return text;
  throw new CliError(exitCodes.usage, `${file} holds no PEM certificate`, 'give the ca/ca.cert.pem of the controller');
}

async function readPassword(context: CliContext, options: LoginOptions): Promise<string> {
  const fromEnvironment = context.environment['SKERRY_PASSWORD'];
  if (options.passwordStdin) return (await context.readInput()).replace(/\r?\n$/, '');
  if (fromEnvironment) return fromEnvironment;
  if (context.isInTerminal) {
    const { askPassword } = await import('../ask-password.ts');
    return askPassword(`password of ${options.user}: `, context.signal);
  }
  throw new CliError(
    exitCodes.usage,
    'there is no terminal to ask for the password',
    'use --password-stdin or SKERRY_PASSWORD',
  );
}
