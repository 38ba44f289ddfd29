import type { Command } from 'commander';
import { type CommandHost, collectPair, type OutputOptions, outputOption } from '../command-host.ts';
import type { AddInfraOptions } from './infra-work.ts';

export function addInfraCommands(program: Command, { context }: CommandHost): void {
  const work = () => import('./infra-work.ts');
  const infra = program.command('infra').description('VIMs, clusters and networks that agents reach');
  infra
    .command('add <name>')
    .alias('create')
    .description('give an agent an infrastructure to use')
    .requiredOption('--agent <agent>', 'the agent that reaches it')
    .requiredOption('--kind <kind>', 'connector: simulated, …')
    .option('--set <name=value>', 'setting of the connector; a value may be JSON; may be repeated', collectPair)
    .option('--settings <file>', 'settings from a YAML or JSON file')
    .option('--label <name=value>', 'label that placement can ask for; may be repeated', collectPair)
    .addOption(outputOption())
    .action(async (name: string, options: AddInfraOptions) => (await work()).addInfra(context, name, options));
  infra
    .command('list')
    .description('all infrastructures with their capacity')
    .addOption(outputOption())
    .action(async ({ output }: OutputOptions) => (await work()).listInfras(context, output));
  infra
    .command('show <infra>')
    .description('one infrastructure')
    .addOption(outputOption())
    .action(async (name: string, { output }: OutputOptions) => (await work()).showInfra(context, name, output));
  infra
    .command('delete <infra>')
    .description('take an unused infrastructure away')
    .action(async (name: string) => (await work()).deleteInfra(context, name));
}
