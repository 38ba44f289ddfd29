import type { JsonObject } from '../../model/json.ts';
import { idsOf, numberField, objectField, objectsField, textField, textsField } from '../document-fields.ts';
import type { Reading } from '../reading/reading.ts';
import type { VnfdTargets } from './check-vnfd.ts';
import { checkCount, checkIpProfile, checkMinimumAndMaximum } from './counts.ts';
import { checkReference } from './references.ts';

/** Cross-checks inside one `df` of a VNFD. */
export function checkVnfFlavour(vnfd: JsonObject, flavour: JsonObject, targets: VnfdTargets, reading: Reading): void {
  const levels = { ids: idsOf(objectsField(flavour, 'instantiation-level')), noun: 'instantiation-level of this df' };
  checkReference(reading, flavour, 'default-instantiation-level', levels);
  checkProfiles(flavour, targets, reading);
  checkLinkProfiles(vnfd, flavour, targets, reading);
  for (const level of objectsField(flavour, 'instantiation-level')) checkLevel(flavour, level, targets, reading);
  for (const aspect of objectsField(flavour, 'scaling-aspect')) checkAspect(flavour, aspect, targets, reading);
  for (const healing of objectsField(flavour, 'healing-aspect')) {
    for (const policy of objectsField(healing, 'healing-policy')) {
      checkReference(reading, policy, 'vdu-id', targets.vdus);
    }
  }
  for (const profile of objectsField(flavour, 'kdu-resource-profile')) {
    checkReference(reading, profile, 'kdu-name', targets.kdus);
    checkMinimumAndMaximum(reading, profile);
  }
  for (const access of objectsField(flavour, 'supported-vnf-interfaces')) {
    checkReference(reading, access, 'cpd-id', targets.extCps);
  }
  for (const profile of objectsField(flavour, 'mciop-profile')) {
    checkReference(reading, profile, 'associated-vdu', targets.vdus);
  }
  checkDayOneTwo(vnfd, flavour, targets, reading);
}

/** A group may be named in ETSI's way (`…-group-id`) or in OSM's (`…-group: [{id}]`). */
export function checkAffinity(reading: Reading, flavour: JsonObject, profile: JsonObject): void {
  const groups = objectsField(flavour, 'affinity-or-anti-affinity-group');
  const targets = { ids: idsOf(groups), noun: 'affinity-or-anti-affinity-group of this df' };
  checkReference(reading, profile, 'affinity-or-anti-affinity-group-id', targets);
  for (const group of objectsField(profile, 'affinity-or-anti-affinity-group')) {
    checkReference(reading, group, 'id', targets);
  }
}

export function checkAffinityGroups(reading: Reading, flavour: JsonObject): void {
  for (const group of objectsField(flavour, 'affinity-or-anti-affinity-group')) {
    if (group['type'] !== undefined || group['affinityorAntiaffinity'] !== undefined) continue;
    reading.error(group, undefined, {
      code: 'MissingMandatory',
      message: "the group does not say whether it is 'affinity' or 'anti-affinity'",
      remedy: "add 'type'",
    });
  }
}

function checkProfiles(flavour: JsonObject, targets: VnfdTargets, reading: Reading): void {
  checkAffinityGroups(reading, flavour);
  const profiles = objectsField(flavour, 'vdu-profile');
  for (const profile of profiles) {
    checkReference(reading, profile, 'id', targets.vdus);
    checkMinimumAndMaximum(reading, profile);
    checkAffinity(reading, flavour, profile);
  }
  const profileIds = { ids: new Set([...idsOf(profiles), ...targets.vdus.ids]), noun: 'vdu-profile of this df' };
  for (const dependency of objectsField(flavour, 'dependencies')) {
    checkReference(reading, dependency, 'primary-id', profileIds);
    checkReference(reading, dependency, 'secondary-id', profileIds);
  }
}

function checkLinkProfiles(vnfd: JsonObject, flavour: JsonObject, targets: VnfdTargets, reading: Reading): void {
  for (const profile of objectsField(flavour, 'virtual-link-profile')) {
    checkReference(reading, profile, 'id', targets.links);
    checkAffinity(reading, flavour, profile);
    checkIpProfile(reading, profile);
    const id = textField(profile, 'id');
    const link = objectsField(vnfd, 'int-virtual-link-desc').find((each) => textField(each, 'id') === id);
    const flavours = idsOf(objectsField(link, 'flavour'));
    if (flavours.size > 0)
      checkReference(reading, profile, 'flavour', { ids: flavours, noun: `flavour of link '${id}'` });
  }
}

function checkLevel(flavour: JsonObject, level: JsonObject, targets: VnfdTargets, reading: Reading): void {
  const profiles = objectsField(flavour, 'vdu-profile');
  for (const vduLevel of objectsField(level, 'vdu-level')) {
    checkReference(reading, vduLevel, 'vdu-id', targets.vdus);
    const vduId = textField(vduLevel, 'vdu-id');
    checkCount(
      reading,
      vduLevel,
      profiles.find((profile) => textField(profile, 'id') === vduId),
    );
  }
  const aspects = objectsField(flavour, 'scaling-aspect');
  for (const info of objectsField(level, 'scaling-info')) {
    checkReference(reading, info, 'scaling-aspect-id', { ids: idsOf(aspects), noun: 'scaling-aspect of this df' });
    const aspect = aspects.find((each) => textField(each, 'id') === textField(info, 'scaling-aspect-id'));
    const maximum = numberField(aspect, 'max-scale-level');
    const stated = numberField(info, 'scale-level');
    if (maximum === undefined || stated === undefined || stated <= maximum) continue;
    reading.error(info, 'scale-level', {
      code: 'OutOfRange',
      message: `scale-level ${stated} is above the aspect's max-scale-level ${maximum}`,
      remedy: 'lower the level',
    });
  }
}

function checkAspect(flavour: JsonObject, aspect: JsonObject, targets: VnfdTargets, reading: Reading): void {
  const details = objectField(aspect, 'aspect-delta-details');
  const deltas = objectsField(details, 'deltas');
  const kduResources = {
    ids: idsOf(objectsField(flavour, 'kdu-resource-profile')),
    noun: 'kdu-resource-profile of this df',
  };
  for (const delta of deltas) {
    for (const vduDelta of objectsField(delta, 'vdu-delta')) checkReference(reading, vduDelta, 'id', targets.vdus);
    for (const kduDelta of objectsField(delta, 'kdu-resource-delta')) {
      checkReference(reading, kduDelta, 'id', kduResources);
    }
  }
  if (details !== undefined) {
    checkReference(reading, details, 'step-deltas', { ids: idsOf(deltas), noun: 'delta of this aspect' });
  }
  for (const policy of objectsField(aspect, 'scaling-policy')) {
    for (const criterion of objectsField(policy, 'scaling-criteria')) {
      checkReference(reading, criterion, 'vnf-monitoring-param-ref', targets.monitoring);
    }
  }
  const primitives = dayOneTwo(flavour).flatMap((each) => objectsField(each, 'config-primitive'));
  for (const action of objectsField(aspect, 'scaling-config-action')) {
    const known = { ids: idsOf(primitives, 'name'), noun: 'config-primitive in day1-2' };
    checkReference(reading, action, 'vnf-config-primitive-name-ref', known);
  }
}

function dayOneTwo(flavour: JsonObject): JsonObject[] {
  return objectsField(flavour, 'lcm-operations-configuration', 'operate-vnf-op-config', 'day1-2');
}

function checkDayOneTwo(vnfd: JsonObject, flavour: JsonObject, targets: VnfdTargets, reading: Reading): void {
  const owners = new Set([...textsField(vnfd, 'id'), ...targets.vdus.ids, ...targets.kdus.ids]);
  for (const configuration of dayOneTwo(flavour)) {
    const id = textField(configuration, 'id');
    if (id !== undefined && !owners.has(id)) {
      reading.warn(configuration, 'id', {
        code: 'NoEffect',
        message: `'${id}' is neither this VNFD nor one of its vdus or kdus, so this configuration is never used`,
        remedy: `use one of ${[...owners].slice(0, 6).join(', ')}`,
      });
    }
    checkExecutionEnvironments(configuration, targets, reading);
  }
}

/** References inside a day1-2 or ns-configuration block. */
export function checkExecutionEnvironments(
  configuration: JsonObject,
  targets: Pick<VnfdTargets, 'extCps'> | undefined,
  reading: Reading,
): void {
  const environments = objectsField(configuration, 'execution-environment-list');
  const known = { ids: idsOf(environments), noun: 'execution environment of this configuration' };
  for (const list of ['config-primitive', 'initial-config-primitive', 'terminate-config-primitive']) {
    for (const primitive of objectsField(configuration, list)) {
      checkReference(reading, primitive, 'execution-environment-ref', known);
    }
  }
  if (targets === undefined) return;
  for (const environment of environments) {
    checkReference(reading, environment, 'external-connection-point-ref', targets.extCps);
  }
}
