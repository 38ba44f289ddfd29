/** Stands in for `controller/main.ts`: same environment, same ready line, a fake northbound behind it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { FakeNorthbound } from './fake-northbound.ts';

const { SKERRY_HOME: home = '', SKERRY_PORT, SKERRY_ENROLL_PORT, SKERRY_ADMIN_PASSWORD_FILE: file = '' } = process.env;
const stateFile = path.join(home, 'fake-state.json');
mkdirSync(path.join(home, 'ca'), { recursive: true });
writeFileSync(path.join(home, 'ca', 'ca.pem'), '');

const northbound = new FakeNorthbound({ password: readFileSync(file, 'utf8').trim() });
const collections = ['sites', 'agents', 'infras', 'vnfPackages', 'nsds', 'instances', 'operations'] as const;
restore();

// Agents enrol here, through the proxy of their site.
const enrol = createServer((request, response) => {
  response.setHeader('connection', 'close');
  try {
    response.end(northbound.enrol(decodeURIComponent((request.url ?? '/').slice(1))));
  } catch {
    response.writeHead(403).end();
  }
});
enrol.listen(Number(SKERRY_ENROLL_PORT), '127.0.0.1');
const url = await northbound.start(Number(SKERRY_PORT));
console.log('not a ready line');
console.log(JSON.stringify({ ready: true, northbound: url }));
process.once('SIGTERM', () => {
  const state = Object.fromEntries(collections.map((name) => [name, northbound[name]]));
  writeFileSync(stateFile, JSON.stringify({ ...state, joinTokens: [...northbound.joinTokens] }));
  console.log('stopped in order');
  process.exit(0);
});

function restore(): void {
  let text: string;
  try {
    text = readFileSync(stateFile, 'utf8');
  } catch {
    return;
  }
  const state = JSON.parse(text) as Record<string, never[]>;
  for (const name of collections) northbound[name].push(...(state[name] ?? []));
  for (const [token, site] of (state['joinTokens'] ?? []) as [string, string][]) northbound.joinTokens.set(token, site);
}
