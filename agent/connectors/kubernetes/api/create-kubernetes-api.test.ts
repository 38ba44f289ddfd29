import assert from 'node:assert/strict';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { isSkerryError, type SkerryError } from '#shared/errors/index.ts';
import { silentLogger, systemClock } from '#shared/runtime/index.ts';
import type { ClusterEndpoint } from './cluster-endpoint.ts';
import { createKubernetesApi } from './create-kubernetes-api.ts';
import type { KubernetesApi, KubernetesRequest, WatchEvent } from './kubernetes-api.ts';
import { answerJson, answerStatus, FakeApiServer } from './testing/fake-api-server.ts';

let server: FakeApiServer;
let api: KubernetesApi;
const never = new AbortController().signal;
const podsPath = '/api/v1/namespaces/x/pods';

before(async () => {
  server = await FakeApiServer.start();
});
after(() => server.stop());
beforeEach(() => {
  server.seen.length = 0;
  server.intercept = () => false;
  api = connect();
});
afterEach(() => api.close());

function connect(more: Partial<ClusterEndpoint> = {}, requestTimeoutMs = 5000): KubernetesApi {
  const endpoint = { server: server.url, tls: {}, ...more };
  return createKubernetesApi({ endpoint, clock: systemClock, log: silentLogger, requestTimeoutMs });
}

async function failure(work: Promise<unknown>): Promise<SkerryError> {
  const error = await work.then(
    () => assert.fail('it went well'),
    (reason) => reason,
  );
  assert.ok(isSkerryError(error), String(error));
  return error;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function get(more: Partial<KubernetesRequest> = {}) {
  return api.request({ method: 'GET', path: podsPath, signal: never, ...more });
}

function patch(more: Partial<KubernetesRequest> = {}) {
  return api.request({
    method: 'PATCH',
    path: `${podsPath}/a`,
    body: { spec: { word: 'ünïcode' } },
    signal: never,
    ...more,
  });
}

test('sends method, path, query, types and body, and tells made from changed', async () => {
  server.intercept = (_, response) => {
    answerJson(response, 201, { kind: 'Pod' });
    return true;
  };
  const contentType = 'application/apply-patch+yaml';
  const answer = await patch({ contentType, query: { fieldManager: 'a b', force: 'true', no: undefined } });
  assert.deepEqual(answer, { status: 201, body: { kind: 'Pod' } });
  const [seen] = server.seen;
  assert.equal(seen?.query.toString(), 'fieldManager=a+b&force=true');
  assert.deepEqual(JSON.parse(seen?.body ?? ''), { spec: { word: 'ünïcode' } });
  assert.match(seen?.headers['user-agent'] ?? '', /^skerry-agent\/\d/);
  assert.equal(seen?.headers['content-type'], contentType);
});

test('keeps connections, at most eight, and a watch has one of its own', async () => {
  const sockets = new Set<unknown>();
  let atOnce = 0;
  let most = 0;
  server.intercept = (seen, response) => {
    if (seen.query.has('watch')) return false;
    sockets.add(response.socket);
    atOnce += 1;
    most = Math.max(most, atOnce);
    setTimeout(() => {
      atOnce -= 1;
      answerJson(response, 200, {});
    }, 5);
    return true;
  };
  const stop = new AbortController();
  const watches = Array.from({ length: 10 }, () => collect(api.watch({ path: podsPath, signal: stop.signal })));
  await Promise.all(Array.from({ length: 40 }, () => get()));
  assert.equal(most, 8);
  assert.ok(sockets.size <= 8, `${sockets.size} sockets`);
  stop.abort();
  assert.deepEqual(await Promise.all(watches), Array(10).fill([]));
});

test('tells what came before the request from what came after', async () => {
  server.intercept = (_, response) => {
    response.socket?.destroy();
    return true;
  };
  assert.equal((await failure(patch())).code, 'PlatformInDoubt');
  assert.equal((await failure(get())).code, 'PlatformUnavailable');
  const free = createTcpServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => free.once('listening', resolve));
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  api = connect({ server: `http://127.0.0.1:${port}` });
  const refused = await failure(patch());
  assert.deepEqual([refused.code, /Nothing listens/.test(refused.message)], ['PlatformUnavailable', true]);
  api = connect({ server: 'http://no-such-host.invalid' });
  assert.equal((await failure(patch())).code, 'PlatformUnavailable');
  // Something that accepts, but speaks no TLS.
  api = connect({ server: server.url.replace('http:', 'https:') });
  assert.equal((await failure(patch())).code, 'PlatformUnavailable');
});

test('ends at once when aborted: a read as aborted, a write that was sent as in doubt', async () => {
  server.intercept = () => true;
  const outcomes: string[] = [];
  for (const call of [get, patch]) {
    const stop = new AbortController();
    const work = failure(call({ signal: stop.signal }));
    while (server.seen.length <= outcomes.length) await new Promise((resolve) => setTimeout(resolve, 1));
    const from = performance.now();
    stop.abort(new Error('enough'));
    outcomes.push((await work).code);
    assert.ok(performance.now() - from < 200);
  }
  assert.deepEqual(outcomes, ['Aborted', 'PlatformInDoubt']);
  assert.equal((await failure(patch({ signal: AbortSignal.abort() }))).code, 'Aborted');
  assert.equal(server.seen.length, 2);
});

test('gives up on silence before and inside an answer, not on a slow one', async () => {
  api = connect({}, 60);
  server.intercept = () => true;
  assert.match((await failure(get())).message, /has not answered/);
  assert.equal((await failure(patch())).code, 'PlatformInDoubt');
  server.intercept = (_, response) => {
    response.writeHead(200).write('{"a":');
    return true;
  };
  assert.equal((await failure(get())).code, 'PlatformUnavailable');
  server.intercept = (_, response) => {
    const text = [...'{"word":"slow"}'];
    const timer = setInterval(() => {
      const letter = text.shift();
      if (letter !== undefined) return response.write(letter);
      clearInterval(timer);
      return response.end();
    }, 10);
    return true;
  };
  assert.deepEqual((await get()).body, { word: 'slow' });
});

test('reads once more when an idle connection was closed meanwhile, but never writes twice', async () => {
  await get();
  // The server closes the idle connection in the moment in which it is used.
  let isFirst = true;
  server.intercept = (_, response) => {
    if (!isFirst) return false;
    isFirst = false;
    response.socket?.resetAndDestroy();
    return true;
  };
  await get();
  isFirst = true;
  assert.equal((await failure(patch())).code, 'PlatformInDoubt');
  assert.deepEqual(
    server.seen.map(({ method }) => method),
    ['GET', 'GET', 'GET', 'PATCH'],
  );
});

test('closes what is open, and answers nothing afterwards', async () => {
  server.intercept = () => true;
  const work = failure(get());
  while (server.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  api.close();
  assert.equal((await work).code, 'Aborted');
  assert.equal((await failure(patch())).code, 'Aborted');
});

test('takes no answer that is not JSON, none that is cut off, and no path that leaves the API', async () => {
  server.intercept = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
    return true;
  };
  assert.match((await failure(get())).message, /text\/html, not JSON/);
  server.intercept = (_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{}');
    setTimeout(() => response.socket?.destroy(), 5);
    return true;
  };
  assert.equal((await failure(get())).code, 'PlatformUnavailable');
  for (const path of ['/api/v1/namespaces/../../secrets', '/api/v1/pods?x=1', 'api', '/a b'])
    assert.equal((await failure(get({ path }))).code, 'PlatformRefused', path);
});

test('reads the token again when it changes or is refused', async () => {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'skerry-token-'));
  const file = path.join(folder.path, 'token');
  await writeFile(file, 'first\n');
  let good = 'first';
  server.intercept = ({ headers }, response) => {
    if (headers.authorization === `Bearer ${good}`) return false;
    answerStatus(response, 401, { reason: 'Unauthorized' });
    return true;
  };
  api = connect({ authorization: { kind: 'token-file', path: file } });
  await get();
  good = 'second';
  assert.equal((await failure(get())).code, 'PlatformAuth');
  await writeFile(file, 'second\n');
  server.seen.length = 0;
  await get();
  assert.equal(server.seen.length, 2);
  api = connect({ authorization: { kind: 'token-file', path: `${file}-not-there` } });
  assert.match((await failure(get())).message, /cannot be read/);
  api = connect({ authorization: { kind: 'token', token: 'line\nbreak' } });
  const broken = await failure(get());
  assert.deepEqual([broken.code, /break/.test(broken.message)], ['PlatformAuth', false]);
});

test('waits as long as Retry-After says by telling so', async () => {
  server.intercept = (_, response) => {
    answerStatus(response, 429, { reason: 'TooManyRequests', message: 'too many' }, { 'retry-after': '2' });
    return true;
  };
  const error = await failure(get());
  assert.deepEqual([error.code, error.retry], ['PlatformUnavailable', { afterMs: 2000 }]);
});

test('reads events whose bytes are cut anywhere, and passes errors on', async () => {
  const lines = [
    '{"type":"ADDED","object":{"metadata":{"name":"größe-☃"}}}',
    '',
    '{"type":"ERROR","object":{"code":410}}',
  ];
  const bytes = Buffer.from(`${lines.join('\n')}\n{"type":"ADD`);
  server.intercept = (_, response) => {
    let at = 0;
    const timer = setInterval(() => {
      if (at >= bytes.length) {
        clearInterval(timer);
        response.end();
      } else response.write(bytes.subarray(at, at + 3));
      at += 3;
    }, 1);
    return true;
  };
  const events = await collect(api.watch({ path: podsPath, query: { resourceVersion: '7' }, signal: never }));
  assert.deepEqual(events, [JSON.parse(lines[0]!), JSON.parse(lines[2]!)]);
  assert.equal(server.seen[0]?.query.toString(), 'resourceVersion=7&watch=true');
});

test('a watch is as slow as its reader', async () => {
  const line = `${JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'x'.repeat(10_000) } } })}\n`;
  const count = 2000;
  let accepted = 0;
  server.intercept = (_, response) => {
    const send = () => {
      while (accepted < count) {
        accepted += 1;
        if (!response.write(line)) return response.once('drain', send);
      }
      return response.end();
    };
    send();
    return true;
  };
  let read = 0;
  for await (const _ of api.watch({ path: podsPath, signal: never })) {
    if (read === 0) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.ok(accepted < count, `${accepted} lines are on their way`);
    }
    read += 1;
  }
  assert.equal(read, count);
});

test('a watch ends quietly with its signal, loudly with its connection or with nonsense', async () => {
  const stop = new AbortController();
  const events: WatchEvent[] = [];
  server.put('x/a');
  for await (const event of api.watch({ path: podsPath, query: { resourceVersion: '0' }, signal: stop.signal })) {
    events.push(event);
    setTimeout(() => stop.abort(), 5);
  }
  assert.equal(events.length, 1);
  while (server.openWatches > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const broken = failure(collect(api.watch({ path: podsPath, signal: never })));
  while (server.openWatches === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  server.breakWatches();
  assert.equal((await broken).code, 'PlatformUnavailable');
  server.intercept = (_, response) => {
    response.write('{"type":"ADDED"}\n');
    return true;
  };
  assert.match((await failure(collect(api.watch({ path: podsPath, signal: never })))).message, /no watch event/);
  server.intercept = (_, response) => {
    answerStatus(response, 403, { message: '' });
    return true;
  };
  assert.equal((await failure(collect(api.watch({ path: podsPath, signal: never })))).code, 'PlatformAuth');
});

test('refuses a line without an end', async () => {
  server.intercept = (_, response) => {
    const junk = 'x'.repeat(1_048_576);
    const send = () => {
      while (!response.destroyed) if (!response.write(junk)) return response.once('drain', send);
      return undefined;
    };
    send();
    return true;
  };
  assert.match((await failure(collect(api.watch({ path: podsPath, signal: never })))).message, /longer than/);
});

test('refuses an address that is none', () => {
  for (const address of ['', 'cluster:6443', 'ftp://x', 'https://'])
    assert.throws(() => connect({ server: address }), { code: 'BadRequest' }, address);
});
