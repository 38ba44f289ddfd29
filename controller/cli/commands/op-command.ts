import type { Command } from 'commander';
import { type CommandHost, type OutputOptions, outputOption, parseDuration } from '../command-host.ts';
import type { SteerOptions } from './op-work.ts';

const verbs = {
  retry: 'try a FAILED_TEMP operation again',
  rollback: 'undo a FAILED_TEMP operation',
  continue: 'let a FAILED_TEMP operation go on where it is',
  fail: 'give a FAILED_TEMP operation up',
} as const;

const timeout = ['--timeout <time>', 'with --wait: give up waiting after this (exit code 7)', parseDuration] as const;

export function addOpCommands(program: Command, { context, exit }: CommandHost): void {
  const work = () => import('./op-work.ts');
  const op = program.command('op').description('lifecycle operations (NS LCM operation occurrences)');
  op.command('list')
    .description('all operations, the newest first')
    .option('--ns <ns>', 'only of this NS instance')
    .addOption(outputOption())
    .action(async (options: OutputOptions & { ns?: string }) => (await work()).listOperations(context, options));
  op.command('show <operation>')
    .description('one operation: progress, what it waits for, why it failed')
    .addOption(outputOption())
    .action(async (id: string, { output }: OutputOptions) => (await work()).showOperation(context, id, output));
  op.command('watch <operation>')
    .description('follow an operation to its end')
    .option('--timeout <time>', 'give up watching after this (exit code 7)', parseDuration)
    .addOption(outputOption())
    .action(async (id: string, options: OutputOptions & { timeout?: number }) =>
      exit(await (await work()).watchOperation(context, id, options)),
    );
  for (const [verb, description] of Object.entries(verbs)) {
    op.command(`${verb} <operation>`)
      .description(description)
      .option('--wait', 'stay until it ends', false)
      .option(...timeout)
      .action(async (id: string, options: SteerOptions) =>
        exit(await (await work()).steerOperation(context, id, verb as keyof typeof verbs, options)),
      );
  }
  op.command('cancel <operation>')
    .description('stop a running operation; it becomes FAILED_TEMP')
    .option('--forceful', 'do not wait for what is under way', false)
    .option('--wait', 'stay until it ends', false)
    .option(...timeout)
    .action(async (id: string, options: SteerOptions & { forceful: boolean }) =>
      exit(await (await work()).cancelOperation(context, id, options)),
    );
}
