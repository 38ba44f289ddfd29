import type { DownFrame, UpFrame } from './frames.ts';

/**
 * One live session as either end sees it, over any carrier (gRPC stream, in-process for simulation, later MQTT).
 * In order and exactly once while it lives; anything may be lost when it dies.
 */
export interface Duplex<Out, In> {
  /** False when the peer is slow: stop sending until `drained` resolves. Never buffers without limit. */
  send(frame: Out): boolean;
  drained(): Promise<void>;
  /** Ends normally when the peer closes; throws SkerryError Unavailable when the link breaks. One consumer; the next frame is read only when asked for. */
  receive(): AsyncIterable<In>;
  close(reason?: string): void;
}

export type AgentSide = Duplex<UpFrame, DownFrame>;
export type ControllerSide = Duplex<DownFrame, UpFrame>;
