import type { Principal } from '#shared/model/identity.ts';

/** Who asks and for what request; passed to every command that the northbound starts. */
export interface RequestContext {
  principal: Principal;
  requestId: string;
}
