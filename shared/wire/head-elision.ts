import type { FrameHead } from '#proto/gen/skerry/sync/v1/frames.ts';
import { violation } from './bounded-json.ts';

/** Leaves out a head that equals the one before: heartbeats of an idle link cost a few bytes. One per stream and direction. */
export function createHeadElider(): <T extends { head: FrameHead | undefined }>(message: T) => T {
  let last: FrameHead | undefined;
  return (message) => {
    const { head } = message;
    if (head !== undefined && last !== undefined && isSame(head, last)) return { ...message, head: undefined };
    last = head;
    return message;
  };
}

/** Puts the head back. @throws SkerryError ProtocolViolation when the first frame has none. */
export function createHeadRestorer(): <T extends { head: FrameHead | undefined }>(message: T) => T {
  let last: FrameHead | undefined;
  return (message) => {
    if (message.head === undefined) {
      if (last === undefined) throw violation('the first frame has no head');
      return { ...message, head: last };
    }
    last = message.head;
    return message;
  };
}

function isSame(a: FrameHead, b: FrameHead): boolean {
  return (
    a.agentId === b.agentId &&
    a.storeId === b.storeId &&
    a.lineage === b.lineage &&
    a.term === b.term &&
    a.sessionEpoch === b.sessionEpoch
  );
}
