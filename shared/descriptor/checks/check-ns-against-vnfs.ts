import type { JsonObject } from '../../model/json.ts';
import type { Complaint } from '../complaint.ts';
import { objectField, objectsField, textField, textsField } from '../document-fields.ts';
import type { NsModel } from '../ns-model.ts';
import type { ParsedDescriptor } from '../parsed-descriptor.ts';
import type { VnfFlavour, VnfModel } from '../vnf-model.ts';
import { brokenReference, type Targets } from './references.ts';

/**
 * The checks of an NSD that need its VNFDs: each VNFD is there, and the flavours, levels, aspects and connection points that the
 * NSD names are theirs. `parsed` is what the NSD was parsed to; without its `locate` the complaints have no line.
 */
export function checkNsAgainstVnfs(
  ns: NsModel,
  vnfs: ReadonlyMap<string, VnfModel>,
  parsed: Pick<ParsedDescriptor, 'document' | 'locate'>,
): Complaint[] {
  const check = new NsCheck(ns, vnfs, parsed.locate);
  if (parsed.document !== undefined) check.nsd(parsed.document);
  return check.complaints;
}

class NsCheck {
  readonly complaints: Complaint[] = [];
  readonly #ns: NsModel;
  readonly #vnfs: ReadonlyMap<string, VnfModel>;
  readonly #locate: ParsedDescriptor['locate'];

  constructor(ns: NsModel, vnfs: ReadonlyMap<string, VnfModel>, locate: ParsedDescriptor['locate']) {
    this.#ns = ns;
    this.#vnfs = vnfs;
    this.#locate = locate;
  }

  nsd(nsd: JsonObject): void {
    const listed = nsd['vnfd-id'];
    for (const [at, vnfdId] of textsField(nsd, 'vnfd-id').entries()) {
      if (!this.#vnfs.has(vnfdId)) this.#unknownVnfd(Array.isArray(listed) ? listed : nsd, at, vnfdId);
    }
    const known = new Set(textsField(nsd, 'vnfd-id'));
    for (const flavour of objectsField(nsd, 'df')) {
      for (const profile of objectsField(flavour, 'vnf-profile')) this.#profile(profile, known);
    }
    for (const sapd of objectsField(nsd, 'sapd')) {
      const associated = objectField(sapd, 'associated-cpd');
      const vnf = this.#vnfs.get(textField(associated, 'vnfd-id') ?? '');
      if (associated !== undefined && vnf !== undefined) this.#name(associated, 'vnf-ext-cpd', extCps(vnf));
    }
  }

  #profile(profile: JsonObject, alreadySaid: ReadonlySet<string>): void {
    const vnfdId = textField(profile, 'vnfd-id') ?? '';
    const vnf = this.#vnfs.get(vnfdId);
    if (vnf === undefined) {
      if (!alreadySaid.has(vnfdId)) this.#unknownVnfd(profile, 'vnfd-id', vnfdId);
      return;
    }
    for (const connectivity of objectsField(profile, 'virtual-link-connectivity')) {
      for (const constituent of objectsField(connectivity, 'constituent-cpd-id')) {
        this.#name(constituent, 'constituent-cpd-id', extCps(vnf));
      }
    }
    this.#flavour(profile, vnf);
  }

  #flavour(profile: JsonObject, vnf: VnfModel): void {
    const flavourId = textField(profile, 'flavour-id');
    const flavours = new Set(vnf.flavours.map(({ id }) => id));
    this.#name(profile, 'flavour-id', { ids: flavours, noun: `df of VNFD '${vnf.vnfdId}'` });
    const flavour: VnfFlavour | undefined =
      flavourId === undefined ? vnf.flavours[0] : vnf.flavours.find(({ id }) => id === flavourId);
    if (flavour === undefined) return;
    const levels = new Set(flavour.instantiationLevels.map(({ id }) => id));
    const noun = `df '${flavour.id}' of VNFD '${vnf.vnfdId}'`;
    this.#name(profile, 'instantiation-level', { ids: levels, noun: `instantiation-level in ${noun}` });
    const aspects = new Set(flavour.scalingAspects.map(({ id }) => id));
    for (const target of objectsField(profile, 'target-vnf-scale-level-info')) {
      this.#name(target, 'aspect-id', { ids: aspects, noun: `scaling-aspect in ${noun}` });
    }
  }

  #name(holder: JsonObject, field: string, targets: Targets): void {
    const name = textField(holder, field);
    if (name !== undefined && !targets.ids.has(name)) this.#complain(holder, field, brokenReference(name, targets));
  }

  #unknownVnfd(holder: object, field: string | number, vnfdId: string): void {
    const finding = brokenReference(vnfdId, { ids: new Set(this.#vnfs.keys()), noun: 'VNFD that is known here' });
    this.#complain(holder, field, { ...finding, code: 'UnknownVnfd' });
  }

  #complain(holder: object, field: string | number, finding: { code: string; message: string; remedy: string }): void {
    const place = this.#locate?.(holder, field) ?? { file: this.#ns.nsdId, line: 0, column: 0, path: String(field) };
    this.complaints.push({ severity: 'error', ...place, ...finding });
  }
}

function extCps(vnf: VnfModel): Targets {
  return { ids: new Set(vnf.extCps.map(({ id }) => id)), noun: `ext-cpd of VNFD '${vnf.vnfdId}'` };
}
