import { Argument, Command } from 'commander';
import { version } from '#shared/version.ts';
import type { CommandHost } from './command-host.ts';
import { addAgentCommands } from './commands/agent-command.ts';
import { addAppCommands } from './commands/app-command.ts';
import { addClusterCommands } from './commands/cluster-command.ts';
import { addDemoCommands } from './commands/demo-command.ts';
import { addInfraCommands } from './commands/infra-command.ts';
import { addLoginCommands } from './commands/login-command.ts';
import { addNsCommands } from './commands/ns-command.ts';
import { addOpCommands } from './commands/op-command.ts';
import { addPackageCommands } from './commands/package-command.ts';
import { addProfileCommands } from './commands/profile-command.ts';
import { addRepoCommands } from './commands/repo-command.ts';
import { addSiteCommands } from './commands/site-command.ts';
import type { Shell } from './completion.ts';

const exitCodeHelp = `
Exit codes:
  0  done                            4  conflict with the present state
  1  an operation or check failed    5  not logged in, or not allowed
  2  wrong use                       6  controller, agent or demo cannot be reached
  3  not found                       7  timed out

The login is kept in <SKERRY_HOME>/login.json, else in a demo's .skerry in the working folder or above it,
else in ~/.config/skerry/login.json. SKERRY_TOKEN overrides its token; NO_COLOR switches colours off.`;

/** The whole command tree. Building it loads no work: each action imports what it needs. */
export function buildProgram(host: CommandHost): Command {
  const program = new Command('skerry')
    .description('Network-service orchestration for sites that get cut off')
    .version(version, '-V, --version')
    .showSuggestionAfterError()
    // What stands behind a command is the command's, also where the commands above have an option of that name.
    .enablePositionalOptions()
    .addHelpText('after', exitCodeHelp)
    .exitOverride()
    .configureOutput({
      writeOut: host.context.out,
      writeErr: host.context.err,
      getOutHasColors: () => host.context.hasColours,
      getErrHasColors: () => host.context.hasColours,
      getOutHelpWidth: () => host.context.columns,
      getErrHelpWidth: () => host.context.columns,
    });
  for (const add of [
    addDemoCommands,
    addLoginCommands,
    addSiteCommands,
    addAgentCommands,
    addInfraCommands,
    addRepoCommands,
    addClusterCommands,
    addProfileCommands,
    addAppCommands,
    addPackageCommands,
    addNsCommands,
    addOpCommands,
  ])
    add(program, host);
  program
    .command('completion')
    .description('print a completion script: source <(skerry completion bash)')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh']))
    .action(async (shell: Shell) => {
      const { completionScript } = await import('./completion.ts');
      host.context.out(completionScript(program, shell));
    });
  return program;
}
