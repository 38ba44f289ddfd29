import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '#shared/model/json.ts';
import { appliedFields, isAsApplied } from './applied-fields.ts';
import type { KubeMetadata, KubeObject } from './kube-object.ts';

type Managed = NonNullable<KubeMetadata['managedFields']>[number];
const ours = (fieldsV1: JsonObject): Managed => ({ manager: 'skerry', operation: 'Apply', fieldsV1 });
const object = (...managedFields: Managed[]): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'a', managedFields },
});
const fields = { 'f:spec': { 'f:replicas': {}, 'f:template': {} } };

describe('applied fields', () => {
  const applied = appliedFields(object(ours(fields)));

  test('others may own what they like beside us', () => {
    const found = appliedFields(
      object({ manager: 'kubectl', operation: 'Update', fieldsV1: { 'f:data': {} } }, ours(fields)),
    );
    assert.equal(isAsApplied(applied, found), true);
  });

  test('a field that somebody took over is missing from ours', () => {
    assert.equal(isAsApplied(applied, appliedFields(object(ours({ 'f:spec': { 'f:replicas': {} } })))), false);
    assert.equal(isAsApplied(applied, appliedFields(object())), false);
  });

  test('a person who scales changes what is ours; an autoscaler does its work', () => {
    const rest = ours({ 'f:spec': { 'f:template': {} } });
    const scaled = (manager: string): Managed => ({
      manager,
      operation: 'Update',
      subresource: 'scale',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    });
    assert.equal(isAsApplied(applied, appliedFields(object(rest, scaled('kubectl')))), false);
    assert.equal(isAsApplied(applied, appliedFields(object(rest, scaled('kube-controller-manager')))), true);
  });

  test('what was never applied by us is not ours', () => {
    assert.equal(appliedFields(object({ manager: 'skerry', operation: 'Update', fieldsV1: fields })), '');
  });
});
