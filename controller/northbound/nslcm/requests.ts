import { SkerryError } from '#shared/errors/index.ts';
import type { JsonObject } from '#shared/model/json.ts';
import type { HealNsRequest, TerminateNsRequest } from '#shared/model/ns-lcm-requests.ts';
import type { Clock } from '#shared/runtime/index.ts';

/**
 * Passes for an absent or past start time.
 *
 * @throws BadRequest, NotImplemented for a time to come: Skerry does not schedule operations
 */
export function requireStartNow(clock: Clock, name: string, time: string | undefined): void {
  if (time === undefined) return;
  const at = Date.parse(time);
  if (Number.isNaN(at)) throw new SkerryError('BadRequest', `${name} is not a date and time of RFC 3339.`);
  if (at <= clock.now() + 1000) return;
  throw new SkerryError('NotImplemented', `${name} lies ahead; operations cannot be scheduled.`, {
    remedy: `Leave ${name} out and send the request when it is due.`,
  });
}

/** SOL005 writes `additionalParamsforNs`; one spelling inside. */
export function normaliseHeal(body: HealNsRequest): HealNsRequest {
  const { additionalParamsforNs, ...data } = (body.healNsData ?? {}) as JsonObject;
  if (additionalParamsforNs === undefined) return body;
  return { ...body, healNsData: { ...data, additionalParamsForNs: additionalParamsforNs } } as HealNsRequest;
}

export function normaliseTerminate(body: TerminateNsRequest & { terminateNsData?: unknown }): TerminateNsRequest {
  const { additionalParamsforNs } = (body.terminateNsData ?? {}) as { additionalParamsforNs?: JsonObject };
  if (additionalParamsforNs === undefined) return body;
  return { additionalParamsForNs: additionalParamsforNs, ...body };
}

/** @throws NotImplemented naming the type */
export function refuseUpdate(updateType: string): never {
  throw new SkerryError('NotImplemented', `The update type ${updateType} does not exist in this version of Skerry.`, {
    remedy: 'No update type exists yet; instantiate, scale, heal and terminate change an NS instance.',
    details: { updateType, supportedUpdateTypes: [] },
  });
}
