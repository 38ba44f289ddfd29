/** Anything with a life: started in order by a composition root, stopped in reverse. */
export interface Component {
  start(): Promise<void>;
  /** Idempotent; resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}
