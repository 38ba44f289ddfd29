import type { DownFrame, FrameHead, Hello, UpFrame, Welcome } from '#shared/wire/frames.ts';
import { createInProcessChannel } from '#shared/wire/in-process-channel.ts';
import { agentId, type Rig } from './rig.ts';

/** A hand-made agent against the real controller: says Hello as the rig's agent would, and whatever else it is told to say. */
export async function connectByHand(rig: Rig, changes: Partial<Hello> = {}) {
  const channel = createInProcessChannel({ clock: rig.clock });
  const received: DownFrame[] = [];
  const siteId = 'site-1' as never;
  void rig.agentLink.accept(channel.controller, { agentId, siteId });
  const none = { seq: 0, chain: '' };
  const hello: Hello = {
    type: 'hello',
    agentId,
    storeId: 'store-x',
    lineage: '',
    term: 0,
    sessionEpoch: 0,
    nonce: 'n',
    siteId,
    bootId: 'b',
    lastEpoch: 0,
    generation: 0,
    history: '',
    root: '',
    streams: { results: none, decisions: none, alarms: none },
    capabilities: [],
    versions: { agent: '0', protocol: 1 },
    health: { diskFreeBytes: 0, clockMs: 0, storeDamaged: false },
    exportNo: 0,
    ...changes,
  };
  channel.agent.send(hello);
  let isOver = false;
  void (async () => {
    for await (const frame of channel.agent.receive()) received.push(frame);
  })()
    .catch(() => undefined)
    .finally(() => {
      isOver = true;
    });
  await rig.clock.advance(100);
  const welcome = received.find((frame): frame is Welcome => frame.type === 'welcome');
  const head: FrameHead = { ...hello, lineage: rig.book.lineage(), term: 1, sessionEpoch: welcome?.sessionEpoch ?? 0 };
  const { agentId: ownId, storeId, lineage, term, sessionEpoch } = head;
  const own = { agentId: ownId, storeId, lineage, term, sessionEpoch };
  const say = async (frame: object) => {
    channel.agent.send({ ...own, ...frame } as UpFrame);
    await rig.clock.advance(100);
  };
  return { welcome, received, say, isOver: () => isOver };
}
