import type { LocatedNode, MapEntry } from './located-node.ts';
import { maxDepth, type TextFault } from './text-fault.ts';

interface OpenElement {
  name: string;
  offset: number;
  text: string;
  children: { name: string; node: LocatedNode }[];
}

const token =
  /<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\?[\s\S]*?\?>|<!|<\/\s*([^\s>]+)\s*>|<([^\s/>]+)((?:\s+[^\s=/>]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|<|[^<]+/g;

/**
 * Reads YANG-modelled XML (RFC 7950 §7): elements only, attributes and namespaces ignored, repeated elements become a
 * list. Document types and their entities are refused, so that nothing is expanded or fetched.
 */
export function readXml(text: string): { root: LocatedNode | undefined; faults: TextFault[] } {
  const faults: TextFault[] = [];
  const top: OpenElement = { name: '', offset: 0, text: '', children: [] };
  const open: OpenElement[] = [top];
  for (const match of text.matchAll(token)) {
    const [all, cdata, closing, opening, , selfClosed] = match;
    const current = open.at(-1) ?? top;
    if (closing !== undefined) {
      if (open.length < 2 || current.name !== localName(closing)) {
        faults.push(fault(match.index, `</${closing}> closes nothing that is open here`));
        return { root: undefined, faults };
      }
      open.pop();
      close(open.at(-1) ?? top, current);
    } else if (opening !== undefined) {
      const element = { name: localName(opening), offset: match.index, text: '', children: [] };
      if (selfClosed === '/') close(current, element);
      else open.push(element);
      if (open.length > maxDepth) {
        faults.push(fault(match.index, `nested deeper than ${maxDepth} levels`));
        return { root: undefined, faults };
      }
    } else if (all === '<!' || all === '<') {
      faults.push(fault(match.index, all === '<!' ? 'a document type is not accepted' : "a stray '<'"));
      return { root: undefined, faults };
    } else if (cdata !== undefined) current.text += cdata;
    else if (!all.startsWith('<')) current.text += decodeEntities(all);
  }
  const unclosed = open.length > 1 ? open.at(-1) : undefined;
  if (unclosed !== undefined) faults.push(fault(unclosed.offset, `<${unclosed.name}> is never closed`));
  return { root: unclosed === undefined ? nodeOf(top) : undefined, faults };
}

function close(parent: OpenElement, element: OpenElement): void {
  parent.children.push({ name: element.name, node: nodeOf(element) });
}

function nodeOf(element: OpenElement): LocatedNode {
  const { offset } = element;
  if (element.children.length === 0) return { kind: 'scalar', text: element.text.trim(), isQuoted: true, offset };
  const entries = new Map<string, MapEntry>();
  for (const { name, node } of element.children) {
    const known = entries.get(name);
    if (known === undefined) entries.set(name, { key: name, keyOffset: node.offset, value: node });
    else if (known.value.kind === 'list') known.value.items.push(node);
    else known.value = { kind: 'list', items: [known.value, node], offset: known.keyOffset };
  }
  return { kind: 'map', entries: [...entries.values()], offset };
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]+));/gi, (all, hex, decimal, name) => {
    if (name !== undefined) return entities[name] ?? all;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

function fault(offset: number, message: string): TextFault {
  return { code: 'Syntax', offset, message, remedy: 'correct the XML there' };
}
