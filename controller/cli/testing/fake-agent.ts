/** Stands in for `agent/main.ts`: enrols through its proxy, prints the ready line, stays until SIGTERM. */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const { SKERRY_HOME: home = '', SKERRY_JOIN_TOKEN_FILE: file = '', SKERRY_ENROLL_ADDRESS: address = '' } = process.env;
mkdirSync(home, { recursive: true });
const stay = setInterval(() => {}, 60_000);
process.once('SIGTERM', () => {
  clearInterval(stay);
  appendFileSync(path.join(home, 'ends'), 'SIGTERM\n');
  process.exit(0);
});
const token = readFileSync(file, 'utf8').trim();
const url = `http://${address}/${encodeURIComponent(token)}`;
// At a second start the agent has its certificate and starts before the controller answers.
console.log(JSON.stringify({ ready: true, agentId: 'fake' }));
for (let attempt = 0; attempt < 100; attempt++) {
  const isDone = await fetch(url).then(
    (response) => response.ok,
    () => false,
  );
  if (isDone) break;
  await new Promise((resolve) => setTimeout(resolve, 100));
}
