import { globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** Every form in which the bytes could lie somewhere: plain, and base64 wherever in a text they begin. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const shifted = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // Letters at both ends mix with what stands beside the secret.
    return text.slice(shift === 0 ? 0 : 4, -4);
  });
  return [
    secret,
    bytes.toString('hex'),
    ...shifted,
    ...shifted.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

/** Files below a folder that hold one of the forms. */
export function filesWith(folder: string, forms: readonly string[]): string[] {
  return globSync('**/*', { cwd: folder })
    .filter((name) => statSync(path.join(folder, name)).isFile())
    .filter((name) => {
      const bytes = readFileSync(path.join(folder, name));
      return forms.some((form) => bytes.includes(form));
    });
}
