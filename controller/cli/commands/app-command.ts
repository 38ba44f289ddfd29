import type { Command } from 'commander';
import {
  type CommandHost,
  collectPair,
  type OutputOptions,
  outputOption,
  parseCount,
  waiting,
} from '../command-host.ts';
import type { AppOptions, CopyOptions, OfProfile, RetryOptions, StatusOptions } from './app-work.ts';

const work = () => import('./app-work.ts');

export function addAppCommands(program: Command, { context, exit }: CommandHost): void {
  const app = program.command('app').description('applications of a profile: Helm charts and manifests');
  waiting(contentOptions(ofProfile(app.command('add <name>').description('add one')))).action(
    async (name: string, options: AppOptions) => exit(await (await work()).addApp(context, name, options)),
  );
  waiting(
    contentOptions(ofProfile(app.command('set <name>').description('change one; what is not said stays as it is'))),
  ).action(async (name: string, options: AppOptions) => exit(await (await work()).setApp(context, name, options)));
  ofProfile(app.command('remove <name>').description('remove one from every cluster')).action(
    async (name: string, options: OfProfile) => (await work()).removeApp(context, name, options),
  );
  ofProfile(app.command('list').description('applications of a profile, in the order in which they are deployed'))
    .addOption(outputOption())
    .action(async (options: OfProfile & OutputOptions) => (await work()).listApps(context, options));
  ofProfile(app.command('status').argument('[name]').description('how applications stand at each cluster'))
    .option('--cluster <cluster>', 'only at this one')
    .addOption(outputOption())
    .action(async (name: string | undefined, options: StatusOptions) =>
      exit(await (await work()).showAppStatus(context, name, options)),
    );
  ofProfile(app.command('clone <name>').description('copy one, in its profile or to another'))
    .option('--to <profile>', 'the other profile')
    .option('--as <name>', 'name of the copy')
    .option('--namespace <name>', 'namespace of the copy')
    .option('--release <name>', 'release name of the copy')
    .action(async (name: string, options: CopyOptions) => (await work()).cloneApp(context, name, options));
  ofProfile(app.command('move <name>').description('move one to another profile'))
    .requiredOption('--to <profile>', 'the other profile')
    .action(async (name: string, options: OfProfile & { to: string }) =>
      (await work()).moveApp(context, name, options),
    );
  ofProfile(app.command('retry <name>').description('try again what was given up'))
    .option('--cluster <cluster>', 'only at this one')
    .action(async (name: string, options: RetryOptions) => (await work()).retryApp(context, name, options));
}

function ofProfile(command: Command): Command {
  return command.requiredOption('-p, --profile <profile>', 'the profile');
}

function contentOptions(command: Command): Command {
  return command
    .option('--chart <chart>', 'repo/chart:version, oci://…, or the URL of a .tgz')
    .option('--repository <url>', 'where that chart is, when its repository is not registered')
    .option('--chart-version <version>', 'default: the newest there is')
    .option('--values <file>', 'values from a YAML or JSON file; `-` for standard input')
    .option('--set <a.b=value>', 'one value; may be JSON; may be repeated', collectPair)
    .option('--manifests <file>', 'Kubernetes objects from a YAML file instead of a chart')
    .option('--namespace <name>', "default: the application's name")
    .option('--release <name>', "name of the release; default: the application's name")
    .option('--order <number>', 'lower ones are ready before higher ones begin', parseCount)
    .option('--ready-within <seconds>', 'time to become ready; afterwards the site rolls back by itself', parseCount);
}
