import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { SkerryApi } from '#controller/cli/index.ts';
import { readEffects } from './effects.ts';
import { projectFolder } from './rig.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'skerry-e2e-demo-'));
const running = new Set<ChildProcess>();
after(async () => {
  for (const child of running) child.kill('SIGINT');
  await Promise.all([...running].map((child) => new Promise((resolve) => child.once('close', resolve))));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

test('npm start -- --until-ready: INSTANTIATED, everything stopped; the next start goes on', async () => {
  const demo = await newDemo('first');
  const first = await demo.run('npm', 'start', '--silent', '--', '--until-ready');
  assert.equal(first.code, 0, first.text);
  assert.match(lastLine(first.text), /^INSTANTIATED on 3 sites in \d+\.\d\d s$/);
  demo.assertNothingRuns();
  const made = demo.effectsOf('site-b').entries.length;

  const second = await demo.run('npm', 'start', '--silent', '--', '--until-ready');
  assert.equal(second.code, 0, second.text);
  assert.match(lastLine(second.text), /^INSTANTIATED on 3 sites/);
  assert.equal(demo.effectsOf('site-b').entries.length, made, 'nothing is made again');
  demo.assertNothingRuns();
});

test('two demos side by side, steered from a second terminal', async () => {
  const [one, other] = [await newDemo('one'), await newDemo('other')];
  const [upOne, upOther] = await Promise.all([one.up(), other.up()]);
  assert.notEqual(one.port, other.port);

  await one.skerry('demo', 'cut', 'site-b');
  const cut = await one.status();
  assert.equal(linkOf(cut, 'site-b'), 'cut');
  assert.equal(linkOf(await other.status(), 'site-b'), 'up', 'the other demo is not touched');

  const scale = ['ns', 'scale', 'edge-service', '--vnf', 'cache', '--aspect', 'content', '--out', '-o', 'json'];
  await one.skerry(...scale);
  await one.skerry('demo', 'restore', 'site-b');
  await one.waitForOperations();
  assert.equal(one.effectsOf('site-b').kinds()['compute'], 4, 'a front and three workers');
  one.effectsOf('site-b').assertExact();

  await one.skerry('demo', 'kill', 'site-a');
  assert.equal(stateOf(await one.status(), 'site-a'), 'stopped');
  const twice = await one.run(process.execPath, skerryProgram, 'demo', 'kill', 'site-a');
  assert.equal(twice.code, 4, 'what is dead cannot be killed');
  await one.skerry('demo', 'revive', 'site-a');
  await one.skerry('demo', 'kill-controller');
  assert.equal((await one.run(process.execPath, skerryProgram, 'ns', 'list')).code, 6);
  await one.skerry('demo', 'revive-controller');

  await usesToken(one);
  await Promise.all([one.skerry('demo', 'down'), other.skerry('demo', 'down')]);
  assert.equal(await upOne.code, 0);
  assert.equal(await upOther.code, 0);
  one.assertNothingRuns();
  other.assertNothingRuns();
});

/** A script has the token of `skerry token` and the CA, nothing else. */
async function usesToken(demo: Demo): Promise<void> {
  const token = (await demo.skerry('token')).trim();
  const caPem = readFileSync(path.join(demo.home, 'controller', 'ca', 'ca.cert.pem'), 'utf8');
  const api = new SkerryApi({ url: `https://127.0.0.1:${demo.port}`, caPem, token });
  try {
    const [ns] = await api.nsInstances();
    assert.equal(ns?.nsState, 'INSTANTIATED');
    assert.equal(ns?.nsInstanceName, 'edge-service');
  } finally {
    api.close();
  }
}

const skerryProgram = path.join(projectFolder, 'controller', 'cli', 'skerry.mjs');
type Status = { controller: { state: string; pid: number | null }; sites: StatusOfSite[] };
type StatusOfSite = { site: string; state: string; link: string };

function linkOf(status: Status, name: string): string | undefined {
  return status.sites.find((site) => site.site === name)?.link;
}

function stateOf(status: Status, name: string): string | undefined {
  return status.sites.find((site) => site.site === name)?.state;
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

/** One demo as a person has it: a home, a port, and commands in terminals. */
class Demo {
  readonly home: string;
  readonly port: number;

  constructor(home: string, port: number) {
    this.home = home;
    this.port = port;
  }

  run(program: string, ...args: string[]): Promise<{ code: number | null; text: string }> {
    const { child, text } = this.#spawn(program, args);
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, text: text() })));
  }

  /** Runs a command that has to succeed. @returns what it printed on standard output */
  async skerry(...args: string[]): Promise<string> {
    const { code, text } = await this.run(process.execPath, skerryProgram, ...args);
    assert.equal(code, 0, `skerry ${args.join(' ')}: ${text}`);
    return text;
  }

  /** Starts it in the foreground of its own terminal; resolves when the service is up. */
  async up(): Promise<{ code: Promise<number | null> }> {
    const { child, text } = this.#spawn(process.execPath, [skerryProgram, 'demo', 'up']);
    const code = new Promise<number | null>((resolve) => child.once('close', resolve));
    await new Promise<void>((resolve, reject) => {
      child.stdout?.on('data', () => {
        if (/INSTANTIATED on 3 sites/.test(text())) resolve();
      });
      child.once('close', () => reject(new Error(`the demo ended: ${text()}`)));
    });
    return { code };
  }

  async status(): Promise<Status> {
    return JSON.parse(await this.skerry('demo', 'status', '-o', 'json')) as Status;
  }

  /** `skerry op watch` of what is open, until nothing is. */
  async waitForOperations(): Promise<void> {
    const operations = JSON.parse(await this.skerry('op', 'list', '-o', 'json')) as { id: string }[];
    for (const { id } of operations) await this.skerry('op', 'watch', id);
  }

  effectsOf(site: string) {
    return readEffects(path.join(this.home, site));
  }

  /** By the demo's own record and by the process table: no process has its home in its environment or arguments. */
  assertNothingRuns(): void {
    const record = JSON.parse(readFileSync(path.join(this.home, 'demo.json'), 'utf8')) as { processes: object };
    assert.deepEqual(record.processes, {});
  }

  #spawn(program: string, args: string[]): { child: ChildProcess; text: () => string } {
    const inherited = Object.entries(process.env).filter(([key]) => !/^(SKERRY_|NODE_TEST|npm_)/.test(key));
    const environment = { ...Object.fromEntries(inherited), SKERRY_HOME: this.home, SKERRY_PORT: String(this.port) };
    const child = spawn(program, args, { cwd: projectFolder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    child.once('close', () => running.delete(child));
    let text = '';
    child.stdout.on('data', (chunk) => (text += String(chunk)));
    child.stderr.on('data', (chunk) => (text += String(chunk)));
    return { child, text: () => text };
  }
}

async function newDemo(name: string): Promise<Demo> {
  return new Demo(path.join(folder, name), await freePort());
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
