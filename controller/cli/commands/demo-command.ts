import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { type CommandHost, type OutputOptions, outputOption, parseCount, parseDuration } from '../command-host.ts';
import type { FaultOptions } from '../demo/demo-fault.ts';

// As in the simulated connector; the agent checks what it is told.
const faultEffects = ['fail', 'hang', 'slow', 'act-after-timeout', 'crash'];
const faultVerbs = ['probe', 'observe', 'ensure', 'remove', 'act'];
const faultCodes = ['PlatformRefused', 'PlatformUnavailable', 'PlatformCapacity', 'PlatformAuth', 'PlatformInDoubt'];

/** `skerry demo …`: `up` runs it, everything else steers it from a second terminal. */
export function addDemoCommands(program: Command, { context, exit }: CommandHost): void {
  const demo = program.command('demo').description('a controller and three sites on this machine, to try things out');
  demo
    .command('up', { isDefault: true })
    .description('start it, or go on where it was; stays in the foreground')
    .option('--until-ready', 'wait for INSTANTIATED, print the seconds, stop everything', false)
    .option('--sites <count>', 'how many sites', parseSites, 3)
    .action(async (options: { untilReady: boolean; sites: number }) => {
      const { demoUp } = await import('../demo/demo-up.ts');
      exit(await demoUp(context, options));
    });
  demo
    .command('status')
    .description('processes, links, and what each agent says of itself')
    .addOption(outputOption())
    .action(async ({ output }: OutputOptions) => {
      const { demoStatus } = await import('../demo/demo-remote.ts');
      await demoStatus(context, output);
    });
  addSteering(demo, context);
  addFault(demo, context);
  demo
    .command('down')
    .description('stop everything in order')
    .action(async () => {
      const { demoDown } = await import('../demo/demo-remote.ts');
      await demoDown(context);
    });
}

function addSteering(demo: Command, context: CliContext): void {
  const steer = async (path: string, done: string) => {
    const { steerDemo } = await import('../demo/demo-remote.ts');
    await steerDemo(context, path);
    context.err(`${done}\n`);
  };
  const site = (name: string) => encodeURIComponent(name);
  demo
    .command('cut <site>')
    .description("cut the site's link to the controller")
    .option('--silent', 'let packets vanish instead of refusing connections', false)
    .action((name: string, options: { silent: boolean }) =>
      steer(`/sites/${site(name)}/cut?mode=${options.silent ? 'silent' : 'reset'}`, `the link of ${name} is cut`),
    );
  demo
    .command('restore <site>')
    .description('bring the link back')
    .action((name: string) => steer(`/sites/${site(name)}/restore`, `the link of ${name} is back`));
  demo
    .command('kill <site>')
    .description("kill -9 the site's agent")
    .action((name: string) => steer(`/sites/${site(name)}/kill`, `the agent of ${name} is killed`));
  demo
    .command('revive <site>')
    .description("start the site's agent again")
    .action((name: string) => steer(`/sites/${site(name)}/revive`, `the agent of ${name} runs`));
  demo
    .command('kill-controller')
    .description('kill -9 the controller')
    .action(() => steer('/controller/kill', 'the controller is killed'));
  demo
    .command('revive-controller')
    .description('start the controller again')
    .action(() => steer('/controller/revive', 'the controller runs'));
}

function addFault(demo: Command, context: CliContext): void {
  demo
    .command('fault <site>')
    .description("order a fault in the site's simulated infrastructure")
    .option('--infra <infra>', 'which infrastructure, where there are several')
    .addOption(choice('--effect <effect>', 'what happens', faultEffects).default('fail'))
    .addOption(choice('--verb <verb>', 'to which calls', faultVerbs).default('ensure'))
    .addOption(choice('--code <code>', 'error of a failing call', faultCodes))
    .option('--unit-kind <kind>', 'only units of this kind, for example compute')
    .option('--key <pattern>', 'only units whose key matches; `*` stands for anything')
    .option('--delay <time>', 'for slow and act-after-timeout', parseDuration)
    .option('--times <count>', 'how many calls; 0: all, until released', parseCount, 1)
    .option('--release [fault]', 'take one ordered fault back, or all')
    .option('--kill-unit <key>', 'make a unit die behind our back')
    .option('--delete-unit <key>', 'delete a unit behind our back')
    .option('--drift-unit <key>', 'change a unit behind our back')
    .action(async (name: string, options: FaultOptions) => {
      const { orderFault } = await import('../demo/demo-fault.ts');
      context.err(`${await orderFault(context, name, options)}\n`);
    });
}

function parseSites(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 26) throw new InvalidArgumentError('give a number from 1 to 26');
  return count;
}

function choice(flags: string, description: string, choices: string[]): Option {
  return new Option(flags, description).choices(choices);
}
