import type { TextFault } from './text-fault.ts';

interface YamlError {
  message: string;
  pos: [number, number];
}

/** Most errors are echoes of the first few. */
const maxSyntaxFaults = 10;

/**
 * What a person should do about the YAML errors of a text. One wrong indentation makes a parser stumble on every line that follows:
 * at most one fault a line, few in all, and a tab or a non-breaking space that is behind it all is named as such.
 */
export function syntaxFaults(text: string, errors: readonly YamlError[]): TextFault[] {
  const tabs = [...text.matchAll(/^ *\t[\t ]*(?=[^\s#])/gm)];
  const isTabbed = errors.some(({ message }) => message.startsWith('Tabs are not allowed'));
  if (isTabbed && tabs[0] !== undefined) {
    const lines = tabs.length === 1 ? 'this line is' : `this and ${tabs.length - 1} more lines are`;
    return [fault(tabs[0].index, `${lines} indented with tabs, which YAML forbids`, 'indent with spaces')];
  }
  const space = text.search(/\u00a0/);
  if (space >= 0 && isOnEdge(text, space)) {
    const message = 'a non-breaking space (U+00A0), which YAML does not take for a space';
    return [fault(space, message, 'type a plain space; texts copied from web pages often have such spaces')];
  }
  const byLine = new Map<number, TextFault>();
  for (const { message, pos } of errors) {
    const line = text.lastIndexOf('\n', pos[0] - 1);
    if (!byLine.has(line)) byLine.set(line, fault(pos[0], firstLine(message), 'correct the YAML there'));
  }
  return [...byLine.values()].slice(0, maxSyntaxFaults);
}

/** In the indentation or after a colon, where it changes what the line means. */
function isOnEdge(text: string, at: number): boolean {
  const before = text.slice(text.lastIndexOf('\n', at - 1) + 1, at);
  return /^[\s-]*$|:\s*$/.test(before);
}

function fault(offset: number, message: string, remedy: string): TextFault {
  return { code: 'Syntax', offset, message, remedy };
}

function firstLine(message: string): string {
  const line = message.split('\n', 1)[0] ?? message;
  return line.replace(/ at line \d+, column \d+:?$/, '').replace(/:$/, '');
}
