import { type Command, Option } from 'commander';
import { type CommandHost, type OutputOptions, outputOption } from '../command-host.ts';
import type { RepoOptions } from './repo-work.ts';

export function addRepoCommands(program: Command, { context }: CommandHost): void {
  const work = () => import('./repo-work.ts');
  const repo = program.command('repo').description('Helm repositories and OCI registries that charts come from');
  accessOptions(repo.command('add <name> <url>').alias('create').description('register a repository'))
    .addOption(new Option('--type <type>', 'kind of repository; by its URL when absent').choices(['helm', 'oci']))
    .addOption(outputOption())
    .action(async (name: string, url: string, options: RepoOptions) =>
      (await work()).addRepo(context, { name, url, options }),
    );
  repo
    .command('list')
    .description('all repositories')
    .addOption(outputOption())
    .action(async ({ output }: OutputOptions) => (await work()).listRepos(context, output));
  repo
    .command('show <repo>')
    .description('one repository')
    .addOption(outputOption())
    .action(async (name: string, { output }: OutputOptions) => (await work()).showRepo(context, name, output));
  accessOptions(repo.command('update <repo>').description('change what is given; an empty text takes it away'))
    .option('--url <url>', 'its new address')
    .addOption(outputOption())
    .action(async (name: string, options: RepoOptions) => (await work()).updateRepo(context, name, options));
  repo
    .command('delete <repo>')
    .description('forget a repository; charts that were fetched stay')
    .action(async (name: string) => (await work()).deleteRepo(context, name));
  repo
    .command('charts <repo> [chart]')
    .description('charts of a Helm repository; with versions when part of a name is given')
    .addOption(outputOption())
    .action(async (name: string, chart: string | undefined, { output }: OutputOptions) =>
      (await work()).listCharts(context, { name, chart, output }),
    );
}

function accessOptions(command: Command): Command {
  return command
    .option('--username <user>', 'user name; the password is asked for, or read from --password-file')
    .option('--password-file <file>', 'file with the password; - is standard input')
    .option('--ca <file>', 'PEM of the authority that signed its certificate')
    .option('--plain-http', 'an OCI registry without TLS')
    .option('--keyring <file>', 'public keys (OpenPGP): only charts signed by one of them are taken')
    .option('--description <text>', 'what it is');
}
