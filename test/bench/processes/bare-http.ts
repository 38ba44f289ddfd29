/** A bare Fastify that serves one body, and takes uploads: the limit that the northbound is held against. */
import { once } from 'node:events';
import Fastify, { type FastifyInstance } from 'fastify';

interface Order {
  body: string;
  contentType: string;
  tls?: { keyPem: string; certPem: string };
}

const [{ body, contentType, tls }] = (await once(process, 'message')) as [Order];
const options = { logger: false, bodyLimit: 64 * 2 ** 20 };
const app = (tls
  ? Fastify({ ...options, https: { key: tls.keyPem, cert: tls.certPem } })
  : Fastify(options)) as unknown as FastifyInstance;
app.addContentTypeParser('application/gzip', { parseAs: 'buffer' }, (_request, upload, done) => done(null, upload));
app.get('/', (_request, reply) => reply.header('content-type', contentType).send(body));
app.post('/', (_request, reply) => reply.code(201).send({}));
const address = await app.listen({ host: '127.0.0.1', port: 0 });
process.send?.({ port: Number(new URL(address).port) });
