import { Argument, type Command } from 'commander';
import {
  type CommandHost,
  collectPair,
  type OutputOptions,
  outputOption,
  parseCount,
  waiting,
} from '../command-host.ts';
import type { ActionOptions, KduChoice } from './kdu-work.ts';

const work = () => import('./kdu-work.ts');

/** KDUs of a network service: what runs in clusters. */
export function addKduCommands(ns: Command, { context, exit }: CommandHost): void {
  ns.command('kdus <ns>')
    .description('its KDUs: what is wanted, and what their sites said last')
    .addOption(outputOption())
    .action(async (name: string, { output }: OutputOptions) => (await work()).listKdus(context, name, output));
  choosing(ns.command('status <ns>').description('one KDU with its workloads, pods and services'))
    .addOption(outputOption())
    .action(async (name: string, options: KduChoice & OutputOptions) => (await work()).showKdu(context, name, options));
  choosing(ns.command('history <ns>').description('what one KDU was made of, newest first'))
    .addOption(outputOption())
    .action(async (name: string, options: KduChoice & OutputOptions) =>
      (await work()).showHistory(context, name, options),
    );
  const action = ns.command('action <ns>').description('upgrade a KDU, or bring a former revision of it back');
  choosing(action)
    .addArgument(new Argument('<action>').choices(['upgrade', 'rollback']))
    .option('--chart <chart>', 'upgrade: another chart (repo/chart:version, oci://…, URL)')
    .option('--repository <url>', 'where that chart is, when its repository is not registered')
    .option('--values <file>', 'upgrade: values from a YAML or JSON file; `-` for standard input')
    .option('--set <a.b=value>', 'upgrade: one value; may be JSON; may be repeated', collectPair)
    .option('--reset-values', 'upgrade: forget the values of before', false)
    .option('--revision <number>', 'rollback: to this revision instead of the one before', parseCount)
    .option('--ready-within <seconds>', 'time to become ready; afterwards the site rolls back by itself', parseCount);
  waiting(action).action(async (name: string, verb: 'upgrade' | 'rollback', options: ActionOptions) =>
    exit(await (await work()).actOnKdu(context, name, verb, options)),
  );
}

function choosing(command: Command): Command {
  return command
    .option('--vnf <vnf>', 'the VNF instance, by name, profile or id; not needed where only one has KDUs')
    .option('--kdu <kdu>', 'the KDU; not needed where there is only one');
}
