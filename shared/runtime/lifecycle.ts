import type { Component } from './component.ts';

/** Starts components in order and stops them in reverse; a start that fails stops what had started. */
export class Lifecycle implements Component {
  #started: Component[] = [];
  #components: readonly Component[];

  constructor(components: readonly Component[]) {
    this.#components = components;
  }

  async start(): Promise<void> {
    for (const component of this.#components) {
      try {
        await component.start();
      } catch (error) {
        await this.stop();
        throw error;
      }
      this.#started.push(component);
    }
  }

  async stop(): Promise<void> {
    for (let component = this.#started.pop(); component !== undefined; component = this.#started.pop()) {
      await component.stop();
    }
  }
}
