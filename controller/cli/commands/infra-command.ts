import type { Command } from 'commander';
import { type CommandHost, collectPair, type OutputOptions, outputOption } from '../command-host.ts';
import type { AddInfraOptions, AddKubernetesOptions, SetInfraOptions } from './infra-work.ts';

const work = () => import('./infra-work.ts');

export function addInfraCommands(program: Command, host: CommandHost): void {
  const { context } = host;
  const infra = program.command('infra').description('VIMs, clusters and networks that agents reach');
  addAddCommands(infra, host);
  addSetCommand(infra, host);
  infra
    .command('list')
    .description('all infrastructures with their capacity')
    .addOption(outputOption())
    .action(async ({ output }: OutputOptions) => (await work()).listInfras(context, output));
  infra
    .command('show <infra>')
    .description('one infrastructure; of a cluster its nodes, storage classes and networks')
    .addOption(outputOption())
    .action(async (name: string, { output }: OutputOptions) => (await work()).showInfra(context, name, output));
  infra
    .command('close <infra>')
    .description('place nothing new there; what runs stays')
    .action(async (name: string) => (await work()).setSchedulable(context, name, false));
  infra
    .command('open <infra>')
    .description('place there again')
    .action(async (name: string) => (await work()).setSchedulable(context, name, true));
  infra
    .command('delete <infra>')
    .description('take an unused infrastructure away')
    .action(async (name: string) => (await work()).deleteInfra(context, name));
}

function addAddCommands(infra: Command, { context, exit }: CommandHost): void {
  const add = infra
    .command('add')
    .alias('create')
    .argument('<name>', 'of the infrastructure, or a kind: `add kubernetes --help`')
    .description('give an agent an infrastructure to use; secrets in its settings are sealed to the agent')
    .option('--agent <agent>', 'the agent that reaches it (required)')
    .option('--kind <kind>', 'connector: simulated, kubernetes, … (required)');
  addSettingsOptions(add)
    .addOption(outputOption())
    .action(async (name: string, options: AddInfraOptions) =>
      exit(await (await work()).addInfra(context, name, options)),
    );
  const kubernetes = add
    .command('kubernetes')
    .argument('[name]', 'default: the name of the agent with -kubernetes')
    .description('give an agent a Kubernetes cluster, and check it at once')
    .requiredOption('--agent <agent>', 'the agent that reaches it');
  addSettingsOptions(addAccessOptions(kubernetes))
    .option('--no-wait', 'do not wait for the check')
    .addOption(outputOption())
    .action(async (name: string | undefined, options: AddKubernetesOptions) =>
      exit(await (await work()).addKubernetes(context, name, options)),
    );
}

function addSetCommand(infra: Command, { context, exit }: CommandHost): void {
  const set = infra
    .command('set <infra>')
    .description('change settings (null takes one away) or labels (name= takes one away); new credentials go in here');
  addSettingsOptions(addAccessOptions(set))
    .option('--no-wait', 'do not wait for the check')
    .addOption(outputOption())
    .action(async (name: string, options: SetInfraOptions) =>
      exit(await (await work()).setInfra(context, name, options)),
    );
}

function addSettingsOptions(command: Command): Command {
  return command
    .option('--set <name=value>', 'setting of the connector; a value may be JSON; may be repeated', collectPair)
    .option('--settings <file>', 'settings from a YAML or JSON file')
    .option('--label <name=value>', 'label that placement can ask for; may be repeated', collectPair);
}

function addAccessOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'credentials from this machine, sealed to the agent (- is standard input)')
    .option('--context <name>', "of the kubeconfig; default: the file's current one")
    .option('--in-cluster', 'the agent runs in the cluster and uses its service account')
    .option('--kubeconfig-on-node <path>', "a file on the agent's node: the credentials never leave it")
    .option('--namespace <name>', 'use only this one; may be repeated', collectText);
}

function collectText(text: string, previous: string[] = []): string[] {
  return [...previous, text];
}
