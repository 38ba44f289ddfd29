import { type Command, Option } from 'commander';
import { type CommandHost, type OutputOptions, outputOption, parseDuration } from '../command-host.ts';
import type { DeregisterOptions } from './cluster-work.ts';

const work = () => import('./cluster-work.ts');

export function addClusterCommands(program: Command, { context, exit }: CommandHost): void {
  const cluster = program
    .command('cluster')
    .description('Kubernetes clusters and what profiles run there; register one with `infra add kubernetes`');
  cluster
    .command('list')
    .description('all clusters with their profiles')
    .addOption(outputOption())
    .action(async ({ output }: OutputOptions) => (await work()).listClusters(context, output));
  cluster
    .command('show <cluster>')
    .description('one cluster: its profiles, and how each application stands')
    .addOption(outputOption())
    .action(async (name: string, { output }: OutputOptions) => (await work()).showCluster(context, name, output));
  cluster
    .command('deregister <cluster>')
    .description('take a cluster out of management; what runs there stays unless told otherwise')
    .addOption(
      new Option('--workloads <what>', 'what becomes of what profiles run there')
        .choices(['keep', 'remove'])
        .default('keep'),
    )
    .option('--wait', 'with --workloads remove: stay until it is gone', false)
    .option('--timeout <time>', 'with --wait: give up waiting after this (exit code 7)', parseDuration)
    .action(async (name: string, options: DeregisterOptions) =>
      exit(await (await work()).deregisterCluster(context, name, options)),
    );
}
