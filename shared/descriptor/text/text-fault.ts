/** Something wrong with the text itself, before any meaning. */
export interface TextFault {
  code: string;
  offset: number;
  message: string;
  remedy: string;
}

/** Deeper nesting than any descriptor has; protects the stack. */
export const maxDepth = 64;

/** Nodes of one descriptor, aliases counted each time; protects time and memory. */
export const maxNodes = 200_000;
