import type { EventEmitter } from 'node:events';
import { isSkerryError, SkerryError } from '../errors/index.ts';
import type { Duplex } from './session.ts';

/** Messages read ahead before the stream is paused. */
const readAhead = 16;

/** What both gRPC stream classes have of a Node stream in object mode. */
interface ObjectStream<OutMessage> extends EventEmitter {
  readonly writableNeedDrain: boolean;
  pause(): unknown;
  resume(): unknown;
  isPaused(): boolean;
  write(message: OutMessage): boolean;
}

export interface StreamDuplexOptions<Out, In, OutMessage, InMessage> {
  stream: ObjectStream<OutMessage>;
  encode: (frame: Out) => OutMessage;
  decode: (message: InMessage) => In;
  /** Ends this side of the carrier; what was written before is still sent where the carrier can. */
  finish: () => void;
  /** Foreign errors become SkerryErrors here. */
  translate: (error: unknown) => SkerryError;
}

/** A session over an object-mode stream (gRPC on either side): bounded both ways, ended at once by `close`. */
export function streamDuplex<Out, In, OutMessage, InMessage>(
  options: StreamDuplexOptions<Out, In, OutMessage, InMessage>,
): Duplex<Out, In> {
  const { stream } = options;
  const queue: InMessage[] = [];
  let failure: SkerryError | undefined;
  let isEnded = false;
  let isClosed = false;
  let wake: () => void = () => undefined;
  let waiters: (() => void)[] = [];
  const releaseWaiters = () => {
    const released = waiters;
    waiters = [];
    for (const release of released) release();
  };
  const end = () => {
    isEnded = true;
    releaseWaiters();
    wake();
  };
  stream.on('data', (message: InMessage) => {
    if (isClosed) return;
    queue.push(message);
    if (queue.length >= readAhead) stream.pause();
    wake();
  });
  stream.on('error', (error: unknown) => {
    failure ??= options.translate(error);
    end();
  });
  stream.on('cancelled', () => {
    failure ??= new SkerryError('Unavailable', 'The peer broke the link');
    end();
  });
  for (const event of ['end', 'close']) stream.on(event, end);
  stream.on('drain', releaseWaiters);

  async function* receive(): AsyncIterable<In> {
    for (;;) {
      if (isClosed) return;
      const message = queue.shift();
      if (message !== undefined) {
        if (stream.isPaused() && queue.length < readAhead / 2) stream.resume();
        yield decode(message);
      } else if (failure !== undefined) throw failure;
      else if (isEnded) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }

  function decode(message: InMessage): In {
    try {
      return options.decode(message);
    } catch (error) {
      close();
      throw isSkerryError(error) ? error : options.translate(error);
    }
  }

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    queue.length = 0;
    stream.resume();
    options.finish();
    end();
  }

  return {
    send: (frame) => (isClosed || isEnded ? true : stream.write(options.encode(frame))),
    drained: () =>
      isClosed || isEnded || !stream.writableNeedDrain
        ? Promise.resolve()
        : new Promise((resolve) => waiters.push(resolve)),
    receive,
    close,
  };
}
