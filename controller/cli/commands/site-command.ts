import type { Command } from 'commander';
import { type CommandHost, collectPair, type OutputOptions, outputOption } from '../command-host.ts';

export function addSiteCommands(program: Command, { context }: CommandHost): void {
  const site = program.command('site').description('places with infrastructure, the unit of being cut off');
  site
    .command('create <name>')
    .description('make a site')
    .option('--description <text>', 'what it is', '')
    .option('--label <name=value>', 'label that placement can ask for; may be repeated', collectPair)
    .addOption(outputOption())
    .action(async (name: string, options: OutputOptions & { description: string; label?: Record<string, string> }) => {
      const work = await import('./site-work.ts');
      await work.createSite(context, name, options);
    });
  site
    .command('list')
    .description('all sites')
    .addOption(outputOption())
    .action(async ({ output }: OutputOptions) => (await import('./site-work.ts')).listSites(context, output));
  site
    .command('show <site>')
    .description('one site with its agents and infrastructures')
    .addOption(outputOption())
    .action(async (name: string, { output }: OutputOptions) =>
      (await import('./site-work.ts')).showSite(context, name, output),
    );
  site
    .command('delete <site>')
    .description('forget a site that has no agent any more')
    .action(async (name: string) => (await import('./site-work.ts')).deleteSite(context, name));
}
