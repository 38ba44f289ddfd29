import path from 'node:path';
import type { CliContext } from '../cli-context.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { findDemoHome } from '../login-file.ts';

/** Where everything of one demo lies: one folder that can be thrown away. */
export interface DemoLayout {
  home: string;
  socketPath: string;
  recordFile: string;
  lockFile: string;
  loginFile: string;
  passwordFile: string;
  controllerHome: string;
  /** Where the controller puts its CA certificate; the first that is there. */
  caFiles: string[];
  logFile(name: string): string;
  siteHome(site: string): string;
  joinTokenFile(site: string): string;
  agentSocket(site: string): string;
}

// sun_path of unix(7), with its terminating zero.
const maxSocketPathBytes = 107;

/** The demo of SKERRY_HOME, or of the working folder. */
export function demoLayout(context: CliContext): DemoLayout {
  return layoutOf(path.resolve(context.folder, context.environment['SKERRY_HOME'] || '.skerry'));
}

/** The demo that a second terminal means: it may stand in a folder below. */
export function nearestDemoLayout(context: CliContext): DemoLayout {
  const found = context.environment['SKERRY_HOME'] ? undefined : findDemoHome(context.folder);
  return found === undefined ? demoLayout(context) : layoutOf(found);
}

function layoutOf(home: string): DemoLayout {
  const inHome = (...parts: string[]) => path.join(home, ...parts);
  const layout: DemoLayout = {
    home,
    socketPath: inHome('demo.sock'),
    recordFile: inHome('demo.json'),
    lockFile: inHome('demo.lock'),
    loginFile: inHome('login.json'),
    passwordFile: inHome('admin-password'),
    controllerHome: inHome('controller'),
    caFiles: ['ca.pem', 'ca.cert.pem'].map((name) => inHome('controller', 'ca', name)),
    logFile: (name) => inHome('logs', `${name}.log`),
    siteHome: (site) => inHome(site),
    joinTokenFile: (site) => inHome(site, 'join-token'),
    agentSocket: (site) => inHome(site, 'agent.sock'),
  };
  if (Buffer.byteLength(layout.agentSocket('site-a')) > maxSocketPathBytes) {
    throw new CliError(
      exitCodes.usage,
      `${home} is too long for a Unix socket in it`,
      'set SKERRY_HOME to a shorter path',
    );
  }
  return layout;
}
