import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { request } from 'node:https';
import path from 'node:path';
import { test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { loadCredentials } from '#agent/link/index.ts';
import { ProblemError } from '#controller/cli/index.ts';
import { Rig } from './rig.ts';
import { singleVm } from './service.ts';

test('nobody comes in by a side door', async (t) => {
  const rig = await Rig.start(t, { sites: ['site-a', 'site-b'] });
  const url = new URL(rig.url);

  await t.test('no token, a wrong token, a wrong password: 401', async () => {
    for (const path of ['/skerry/v1/sites', '/nslcm/v2/ns_instances', '/vnfpkgm/v2/vnf_packages', '/skerry/v1/events'])
      for (const [authorization, status] of [
        [undefined, 401],
        ['Bearer nonsense', 401],
        // Another scheme is no request of this API at all (SOL013 clause 8.3).
        ['Basic YWRtaW46YWRtaW4=', 400],
      ] as const) {
        const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
        assert.equal((await get(rig, path, headers)).status, status, `${path} with ${authorization}`);
      }
    await assert.rejects(
      rig.api.login({ username: 'admin', password: 'wrong' }),
      (error) => error instanceof ProblemError && error.problem.status === 401,
    );
  });

  await t.test('plain HTTP is refused on the TLS port', async () => {
    const outgoing = httpRequest({ host: url.hostname, port: url.port, path: '/skerry/v1/sites' });
    outgoing.end();
    const [outcome] = await Promise.race([once(outgoing, 'response'), once(outgoing, 'error').catch((e) => [e])]).catch(
      (error) => [error],
    );
    assert.ok(outcome instanceof Error, `an answer came over plain HTTP: ${JSON.stringify(outcome)}`);
  });

  await t.test("an agent's certificate opens no northbound", async () => {
    const { certPem, keyPem } = credentialsOf(rig, 'site-a');
    for (const path of ['/skerry/v1/agents', '/nslcm/v2/ns_instances'])
      assert.equal((await get(rig, path, {}, { cert: certPem, key: keyPem })).status, 401, path);
  });

  await t.test('the sync port wants a certificate of this CA', async () => {
    const [host = '', port = ''] = rig.site('site-a').addressOf('sync').split(':');
    const socket = tlsConnect({ host, port: Number(port), ca: rig.caPem, ALPNProtocols: ['h2'], servername: '' });
    socket.on('secureConnect', () => socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
    // In TLS 1.3 the refusal comes after the client's handshake is done.
    const [error] = await once(socket, 'error').catch((thrown: unknown) => [thrown]);
    assert.match(String(error), /certificate required|ECONNRESET|handshake/i);
  });

  await t.test('a join token lets one key in, once', async () => {
    const { id: siteId } = await rig.api.createSite({ name: 'site-x' });
    const { token } = await rig.api.createJoinToken({ siteId, agentName: 'agent-x' });
    const first = await rig.newSite('site-x');
    await first.start({ SKERRY_JOIN_TOKEN: token });
    const second = await rig.newSite('site-y');
    await assert.rejects(second.start({ SKERRY_JOIN_TOKEN: token }), /ended before it was ready/);
    assert.match(rig.logOf('site-y'), /token/i);
    const third = await rig.newSite('site-z');
    await assert.rejects(third.start({ SKERRY_JOIN_TOKEN: flip(token) }), /ended before it was ready/);
    const agents = (await rig.api.agents()).filter((agent) => agent.siteId === siteId);
    assert.deepEqual(
      agents.map((agent) => agent.id),
      [first.agentId],
    );
  });

  await t.test('a revoked agent is cut off at once and does not come back; its site keeps what stands', async () => {
    const site = rig.site('site-b');
    await rig.newNs('single_vm_ns', 'on-b', { placement: { router: { site: 'site-b' } } });
    await rig.api.revokeAgent(site.agentId);
    await rig.connected('site-b', false);
    await site.until('the agent is told', async () => {
      const { link } = await site.local.status();
      return link.state === 'refused' ? true : undefined;
    });
    await site.agent.kill();
    await site.start();
    await site.until('it is refused again', async () => {
      const { link } = await site.local.status();
      return link.state === 'refused' ? true : undefined;
    });
    const agent = (await rig.api.agents()).find((one) => one.id === site.agentId);
    assert.equal(agent?.revoked, true);
    assert.equal(agent?.status?.connected, false);
    assert.deepEqual(site.effects().kinds(), singleVm);
    // Renewal and MQTT are closed to it as well: its certificate is still within its dates.
    const { certPem } = credentialsOf(rig, 'site-b');
    assert.match(certPem, /BEGIN CERTIFICATE/);
  });
});

function credentialsOf(rig: Rig, site: string): { certPem: string; keyPem: string } {
  const found = loadCredentials(path.join(rig.site(site).home, 'identity'));
  if (found === undefined) throw new Error(`${site} has no credentials`);
  return found;
}

/** Another secret of the same form. */
function flip(token: string): string {
  const at = token.length - 5;
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
}

async function get(
  rig: Rig,
  target: string,
  headers: Record<string, string>,
  identity: { cert?: string; key?: string } = {},
): Promise<{ status: number | undefined; text: string }> {
  const outgoing = request(new URL(target, rig.url), { ca: rig.caPem, headers, agent: false, ...identity });
  outgoing.end();
  const [response] = await once(outgoing, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, text: Buffer.concat(chunks).toString() };
}
