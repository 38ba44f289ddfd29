import { webChart, writeKnf, writeNs } from './packages.ts';

/** One web server, `web_ns`: what most tests of trouble work on. */
export function webPackages(folder: string): string[] {
  return [
    writeKnf(folder, { id: 'web_knf', kdu: { name: 'web', 'helm-chart': 'web' }, files: webChart(), scaled: 'web' }),
    writeNs(folder, { id: 'web_ns', profiles: { web: 'web_knf' } }),
  ];
}

/** Instantiation parameters of the KDU `web`, as OSM has them. */
export function webParams(params: object, vnfProfileId = 'web') {
  const additionalParams = { additionalParamsForKdu: [{ kdu_name: 'web', ...params }] } as never;
  return { additionalParamsForVnf: [{ vnfProfileId, additionalParams }] };
}

/** No registry has it. */
export const missingImage = 'registry.invalid/never/there:1';
