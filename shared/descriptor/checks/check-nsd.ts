import type { JsonObject } from '../../model/json.ts';
import { idsOf, objectsField, textField, textsField } from '../document-fields.ts';
import { shown } from '../reading/leaf-values.ts';
import type { Reading } from '../reading/reading.ts';
import { checkAffinity, checkAffinityGroups, checkExecutionEnvironments } from './check-vnf-flavour.ts';
import { checkCount, checkIpProfile, checkMinimumAndMaximum } from './counts.ts';
import { brokenReference, checkReference, type Targets } from './references.ts';

/** The cross-checks of an NSD that need no other package. */
export function checkNsd(nsd: JsonObject, reading: Reading): void {
  const links = { ids: idsOf(objectsField(nsd, 'virtual-link-desc')), noun: 'virtual-link-desc' };
  for (const sapd of objectsField(nsd, 'sapd')) checkReference(reading, sapd, 'virtual-link-desc', links);
  for (const flavour of objectsField(nsd, 'df')) checkFlavour(nsd, flavour, links, reading);
  for (const graph of objectsField(nsd, 'vnffgd')) checkForwardingGraph(nsd, graph, links, reading);
  const configuration = nsd['ns-configuration'];
  if (typeof configuration === 'object' && configuration !== null && !Array.isArray(configuration)) {
    checkExecutionEnvironments(configuration, undefined, reading);
  }
}

function checkFlavour(nsd: JsonObject, flavour: JsonObject, links: Targets, reading: Reading): void {
  const profiles = ['vnf-profile', 'pnf-profile', 'ns-profile'];
  const linkProfiles = idsOf(objectsField(flavour, 'virtual-link-profile'));
  const linkTargets = {
    ids: new Set([...links.ids, ...linkProfiles]),
    noun: 'virtual-link-desc or virtual-link-profile',
  };
  const profileIds = new Set(profiles.flatMap((list) => [...idsOf(objectsField(flavour, list))]));
  checkAffinityGroups(reading, flavour);
  for (const list of profiles) {
    for (const profile of objectsField(flavour, list)) {
      checkMinimumAndMaximum(reading, profile);
      checkAffinity(reading, flavour, profile);
      checkConnectivity(profile, linkTargets, profileIds, reading);
    }
  }
  for (const profile of objectsField(flavour, 'vnf-profile')) checkVnfProfile(nsd, profile, reading);
  checkConstituent(nsd, flavour, ['pnf-profile', 'pnfd-id', 'pnfd-id'], reading);
  checkConstituent(nsd, flavour, ['ns-profile', 'nsd-id', 'nested-nsd-id'], reading);
  for (const profile of objectsField(flavour, 'virtual-link-profile')) {
    checkLinkProfile(nsd, flavour, profile, links, reading);
  }
  checkLevels(flavour, reading);
  checkDependencies(flavour, reading);
}

function checkVnfProfile(nsd: JsonObject, profile: JsonObject, reading: Reading): void {
  const vnfdId = textField(profile, 'vnfd-id');
  if (vnfdId === undefined) {
    const message = "'vnfd-id' is missing: nothing says which VNF this profile is";
    reading.error(profile, undefined, { code: 'MissingMandatory', message, remedy: "add 'vnfd-id'" });
    return;
  }
  const listed = new Set(textsField(nsd, 'vnfd-id'));
  if (listed.has(vnfdId)) return;
  const finding = brokenReference(vnfdId, { ids: listed, noun: "VNFD listed in the NSD's vnfd-id" });
  reading.complain(listed.size === 0 ? 'warning' : 'error', profile, 'vnfd-id', finding);
}

function checkConstituent(
  nsd: JsonObject,
  flavour: JsonObject,
  [list, field, listedIn]: [string, string, string],
  reading: Reading,
): void {
  const targets = { ids: new Set(textsField(nsd, listedIn)), noun: `descriptor listed in the NSD's ${listedIn}` };
  for (const profile of objectsField(flavour, list)) checkReference(reading, profile, field, targets);
}

/** The field sometimes names a sibling here: it stands inside its own profile, so nothing depends on the name. */
function checkBaseElement(
  constituent: JsonObject,
  own: string,
  profileIds: ReadonlySet<string>,
  reading: Reading,
): void {
  const name = textField(constituent, 'constituent-base-element-id');
  if (name === undefined || name === own) return;
  const finding = {
    code: 'BrokenReference',
    message: `${shown(name)} is not the id of the profile that it stands in`,
    remedy: `write '${own}'`,
  };
  reading.complain(profileIds.has(name) ? 'warning' : 'error', constituent, 'constituent-base-element-id', finding);
}

function checkConnectivity(
  profile: JsonObject,
  links: Targets,
  profileIds: ReadonlySet<string>,
  reading: Reading,
): void {
  const own = textField(profile, 'id') ?? '';
  for (const connectivity of objectsField(profile, 'virtual-link-connectivity')) {
    checkReference(reading, connectivity, 'virtual-link-profile-id', links);
    for (const constituent of objectsField(connectivity, 'constituent-cpd-id')) {
      checkBaseElement(constituent, own, profileIds, reading);
      if (constituent['constituent-cpd-id'] !== undefined) continue;
      const message = "'constituent-cpd-id' is missing: nothing says which connection point is meant";
      reading.error(constituent, undefined, {
        code: 'MissingMandatory',
        message,
        remedy: "add 'constituent-cpd-id' with the id of an ext-cpd",
      });
    }
  }
}

function checkLinkProfile(
  nsd: JsonObject,
  flavour: JsonObject,
  profile: JsonObject,
  links: Targets,
  reading: Reading,
): void {
  const named = profile['virtual-link-desc-id'] === undefined ? 'id' : 'virtual-link-desc-id';
  checkReference(reading, profile, named, links);
  checkAffinity(reading, flavour, profile);
  checkIpProfile(reading, profile);
  const link = objectsField(nsd, 'virtual-link-desc').find(
    (each) => textField(each, 'id') === textField(profile, named),
  );
  const flavours = idsOf(objectsField(link, 'df'));
  if (flavours.size > 0) checkReference(reading, profile, 'flavour-id', { ids: flavours, noun: 'df of that link' });
  if (link?.['mgmt-network'] !== true || profile['virtual-link-protocol-data'] === undefined) return;
  reading.error(profile, 'virtual-link-protocol-data', {
    code: 'Contradiction',
    message: 'a management network may not carry virtual-link-protocol-data',
    remedy: "remove it, or remove 'mgmt-network' from the link",
  });
}

function checkLevels(flavour: JsonObject, reading: Reading): void {
  const levels = objectsField(flavour, 'ns-instantiation-level');
  const levelTargets = { ids: idsOf(levels), noun: 'ns-instantiation-level of this df' };
  checkReference(reading, flavour, 'default-instantiation-level', levelTargets);
  for (const aspect of objectsField(flavour, 'scaling-aspect')) {
    checkReference(reading, aspect, 'scaling-level', levelTargets);
  }
  const mappings = [
    ['vnf-to-level-mapping', 'vnf-profile-id', 'vnf-profile'],
    ['ns-to-level-mapping', 'ns-profile-id', 'ns-profile'],
    ['virtual-link-to-level-mapping', 'virtual-link-profile-id', 'virtual-link-profile'],
  ] as const;
  for (const level of levels) {
    for (const [list, field, target] of mappings) {
      const profiles = objectsField(flavour, target);
      for (const mapping of objectsField(level, list)) {
        checkReference(reading, mapping, field, { ids: idsOf(profiles), noun: `${target} of this df` });
        checkCount(
          reading,
          mapping,
          profiles.find((each) => textField(each, 'id') === textField(mapping, field)),
        );
      }
    }
  }
}

/** SOL006 names the descriptor of the profile here, people name the profile: both are accepted. */
function checkDependencies(flavour: JsonObject, reading: Reading): void {
  for (const [list, field] of [
    ['vnf-profile', 'vnfd-id'],
    ['ns-profile', 'nsd-id'],
  ] as const) {
    const profiles = objectsField(flavour, list);
    const targets = { ids: new Set([...idsOf(profiles), ...idsOf(profiles, field)]), noun: `${list} of this df` };
    for (const dependency of objectsField(flavour, 'dependencies')) {
      checkReference(reading, dependency, `primary-${list}`, targets);
      checkReference(reading, dependency, `secondary-${list}`, targets);
    }
  }
}

function checkForwardingGraph(nsd: JsonObject, graph: JsonObject, links: Targets, reading: Reading): void {
  const flavours = objectsField(nsd, 'df');
  const vnfProfiles = flavours.flatMap((flavour) => objectsField(flavour, 'vnf-profile'));
  const linkProfiles = flavours.flatMap((flavour) => objectsField(flavour, 'virtual-link-profile'));
  checkReference(reading, graph, 'vnf-profile-id', { ids: idsOf(vnfProfiles), noun: 'vnf-profile' });
  const linkIds = new Set([...links.ids, ...idsOf(linkProfiles)]);
  checkReference(reading, graph, 'virtual-link-profile-id', { ids: linkIds, noun: 'virtual-link-profile' });
}
