import type { Command } from 'commander';
import { type CommandHost, type OutputOptions, outputOption, parseDuration } from '../command-host.ts';
import type { JoinTokenOptions } from './agent-work.ts';

export function addAgentCommands(program: Command, host: CommandHost): void {
  const agent = program.command('agent').description('agents as the controller knows them, and the one on this node');
  addCentral(agent, host);
  addLocal(agent, host);
}

function addCentral(agent: Command, { context }: CommandHost): void {
  const work = () => import('./agent-work.ts');
  agent
    .command('list')
    .description('all agents and how their links are')
    .addOption(outputOption())
    .action(async ({ output }: OutputOptions) => (await work()).listAgents(context, output));
  agent
    .command('show <agent>')
    .description('one agent')
    .addOption(outputOption())
    .action(async (name: string, { output }: OutputOptions) => (await work()).showAgent(context, name, output));
  agent
    .command('revoke <agent>')
    .description('refuse its certificate from now on; what it runs goes on')
    .action(async (name: string) => (await work()).revokeAgent(context, name));
  agent
    .command('token')
    .description('make a join token, good for one enrolment')
    .requiredOption('--site <site>', 'where the agent will be')
    .option('--name <name>', 'what it will be called')
    .option('--valid-for <time>', 'how long it can be used: 30m, 2h', parseDuration)
    .addOption(outputOption())
    .action(async (options: JoinTokenOptions) => (await work()).createJoinToken(context, options));
}

function addLocal(agent: Command, { context }: CommandHost): void {
  const work = () => import('./agent-local-work.ts');
  const local = (name: string, description: string) =>
    agent
      .command(name)
      .description(`on the node: ${description}`)
      .option('--socket <path>', 'socket of the agent; default SKERRY_AGENT_SOCKET or <SKERRY_HOME>/agent.sock');
  type LocalOptions = OutputOptions & { socket?: string };
  local('status', 'link, intent, units, store, infrastructures')
    .addOption(outputOption())
    .action(async (options: LocalOptions) => (await work()).showLocalStatus(context, options));
  local('units', 'what it wants and what it sees')
    .addOption(outputOption())
    .action(async (options: LocalOptions) => (await work()).showLocalUnits(context, options));
  local('journal', 'the last effect on each unit')
    .addOption(outputOption())
    .action(async (options: LocalOptions) => (await work()).showLocalJournal(context, options));
  local('outbox', 'reports that the controller has not acknowledged')
    .addOption(outputOption())
    .action(async (options: LocalOptions) => (await work()).showLocalOutbox(context, options));
  local('hold', 'hold back deletions').action(async (options: LocalOptions) =>
    (await work()).holdDeletions(context, options),
  );
  local('release', 'let held deletions go ahead').action(async (options: LocalOptions) =>
    (await work()).releaseDeletions(context, options),
  );
}
