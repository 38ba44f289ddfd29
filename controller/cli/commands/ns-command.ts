import type { Command } from 'commander';
import {
  type CommandHost,
  collectPair,
  type OutputOptions,
  outputOption,
  parseCount,
  waiting,
} from '../command-host.ts';
import { addKduCommands } from './kdu-command.ts';
import type { HealOptions, InstantiateOptions, ScaleOptions, WaitOptions } from './ns-work.ts';

export function addNsCommands(program: Command, host: CommandHost): void {
  const ns = program.command('ns').description('network services');
  addReading(ns, host);
  addLifecycle(ns, host);
  addKduCommands(ns, host);
}

const work = () => import('./ns-work.ts');

function addReading(ns: Command, { context, exit }: CommandHost): void {
  ns.command('create <name>')
    .description('make an NS instance; nothing runs yet')
    .requiredOption('--nsd <nsd>', 'NSD by id or name')
    .option('--description <text>', 'what it is for', '')
    .addOption(outputOption())
    .action(async (name: string, options: OutputOptions & { nsd: string; description: string }) =>
      (await work()).createNs(context, name, options),
    );
  ns.command('list')
    .description('all NS instances')
    .addOption(outputOption())
    .action(async ({ output }: OutputOptions) => (await work()).listNs(context, output));
  ns.command('show <ns>')
    .description('one NS instance with its VNFs and where they run')
    .addOption(outputOption())
    .action(async (name: string, { output }: OutputOptions) => (await work()).showNs(context, name, output));
  ns.command('watch <ns>')
    .description('follow its operations live until interrupted')
    .option('--once', 'end when no operation is open', false)
    .action(async (name: string, options: { once: boolean }) =>
      exit(await (await work()).watchNs(context, name, options.once)),
    );
  ns.command('delete <ns>')
    .description('forget an NS instance that is not instantiated')
    .action(async (name: string) => (await work()).deleteNs(context, name));
}

function addLifecycle(ns: Command, { context, exit }: CommandHost): void {
  waiting(ns.command('instantiate <ns>').description('place it and make it run'))
    .option('--flavour <id>', 'NS deployment flavour')
    .option('--level <id>', 'NS instantiation level')
    .option(
      '--place <profile=site>',
      'put a VNF profile (`*` for all) on a site, or on one of its infras: `web=site-a/edge1`; may be repeated',
      collectPair,
    )
    .option('--param <name=value>', 'additional parameter; a value may be JSON; may be repeated', collectPair)
    .option('--params <file>', 'whole request from a YAML or JSON file (InstantiateNsRequest); `-` for standard input')
    .action(async (name: string, options: InstantiateOptions) =>
      exit(await (await work()).instantiateNs(context, name, options)),
    );
  waiting(ns.command('scale <ns>').description('grow or shrink, by steps or to a level'))
    .option('--vnf <vnf>', 'a VNF instance, by name, profile or id; without it the NS itself is scaled')
    .option('--aspect <id>', 'scaling aspect')
    .option('--out', 'grow by steps')
    .option('--in', 'shrink by steps')
    .option('--steps <count>', 'how many steps', parseCount, 1)
    .option('--to-level <level>', "instantiation level, or with --aspect the aspect's level")
    .action(async (name: string, options: ScaleOptions) => exit(await (await work()).scaleNs(context, name, options)));
  waiting(ns.command('heal <ns>').description('repair it, or one VNF of it'))
    .option('--vnf <vnf>', 'a VNF instance, by name, profile or id')
    .option('--vnfc <id>', 'only this VNFC instance of it; may be repeated', (id: string, all: string[] = []) => [
      ...all,
      id,
    ])
    .option('--cause <text>', 'why')
    .action(async (name: string, options: HealOptions) => exit(await (await work()).healNs(context, name, options)));
  waiting(ns.command('terminate <ns>').description('stop and remove everything of it'))
    .option('--delete', 'forget the instance afterwards (waits)', false)
    .action(async (name: string, options: WaitOptions & { delete: boolean }) =>
      exit(await (await work()).terminateNs(context, name, options)),
    );
}
