import type { Command } from 'commander';
import { type CommandHost, collectPair, type OutputOptions, outputOption, waiting } from '../command-host.ts';
import type { ApplyOptions } from './profile-apply.ts';
import type { AttachOptions, CreateProfileOptions, DetachOptions } from './profile-work.ts';

const work = () => import('./profile-work.ts');

export function addProfileCommands(program: Command, { context, exit }: CommandHost): void {
  const profile = program.command('profile').description('named sets of applications that clusters run');
  profile
    .command('create <name>')
    .description('make a profile')
    .option('--description <text>', 'what it is', '')
    .option('--label <name=value>', 'may be repeated', collectPair)
    .addOption(outputOption())
    .action(async (name: string, options: CreateProfileOptions) =>
      (await work()).createProfile(context, name, options),
    );
  profile
    .command('list')
    .description('all profiles')
    .addOption(outputOption())
    .action(async ({ output }: OutputOptions) => (await work()).listProfiles(context, output));
  profile
    .command('show <profile>')
    .description('one profile with its applications')
    .addOption(outputOption())
    .action(async (name: string, { output }: OutputOptions) => (await work()).showProfile(context, name, output));
  profile
    .command('delete <profile>')
    .description('forget a profile that is attached to no cluster')
    .action(async (name: string) => (await work()).deleteProfile(context, name));
  waiting(
    profile.command('attach <profile> <clusters...>').description('run its applications at these clusters'),
  ).action(async (name: string, clusters: string[], options: AttachOptions) =>
    exit(await (await work()).attachProfile(context, name, clusters, options)),
  );
  profile
    .command('detach <profile> <clusters...>')
    .description('remove its applications from these clusters')
    .option('--keep', 'leave what runs there, and forget it', false)
    .action(async (name: string, clusters: string[], options: DetachOptions) =>
      (await work()).detachProfile(context, name, clusters, options),
    );
  waiting(
    profile
      .command('apply <file>')
      .description('make a profile what a YAML file says (- is standard input); shows the difference first')
      .option('--dry-run', 'only show the difference; exit code 1 when there is one', false),
  ).action(async (file: string, options: ApplyOptions) => {
    const { applyProfile } = await import('./profile-apply.ts');
    exit(await applyProfile(context, file, options));
  });
}
