import type { Command } from 'commander';
import { Option } from 'commander';
import { type CommandHost, type OutputOptions, outputOption } from '../command-host.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { PackageOptions } from './package-work.ts';

export function addPackageCommands(program: Command, { context, exit }: CommandHost): void {
  const work = () => import('./package-work.ts');
  const packages = program.command('package').description('VNF packages and NSDs');
  packages
    .command('onboard <paths...>')
    .description('check and onboard folders, archives (tar.gz, CSAR) or bare descriptors')
    .addOption(outputOption())
    .action(async (paths: string[], { output }: OutputOptions) =>
      exit(await (await work()).onboardPackages(context, paths, output)),
    );
  packages
    .command('validate <paths...>')
    .description('check without a controller; prints file:line:column path: complaint; remedy')
    .addOption(outputOption())
    .action(async (paths: string[], { output }: OutputOptions) => {
      const { validatePackages } = await import('../package-validate.ts');
      const format = output === 'table' ? 'text' : 'json';
      exit((await validatePackages(paths, format, (line) => context.out(`${line}\n`))) as ExitCode);
    });
  packages
    .command('list')
    .description('everything onboarded')
    .addOption(kindOption())
    .addOption(outputOption())
    .action(async (options: PackageOptions) => (await work()).listPackages(context, options));
  packages
    .command('show <package>')
    .description('one package, with its onboarding report')
    .addOption(kindOption())
    .addOption(outputOption())
    .action(async (name: string, options: PackageOptions) => (await work()).showPackage(context, name, options));
  packages
    .command('delete <package>')
    .description('disable and delete an unused package')
    .addOption(kindOption())
    .action(async (name: string, options: PackageOptions) => (await work()).deletePackage(context, name, options));
}

function kindOption(): Option {
  return new Option('--kind <kind>', 'only VNF packages or only NSDs').choices(['vnf', 'ns']);
}
