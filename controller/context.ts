import type { Principal } from '#shared/model/identity.ts';
import type { ProjectId } from '#shared/model/ids.ts';

/** Who asks and for what request; passed to every command that the northbound starts. */
export interface RequestContext {
  principal: Principal;
  requestId: string;
}

/** The project whose resources the principal sees; undefined: those of all. */
export function visibleProject(principal: Principal): ProjectId | undefined {
  return principal.seesAllProjects === true ? undefined : principal.projectId;
}

export function isVisible(principal: Principal, owned: { projectId: ProjectId }): boolean {
  return principal.seesAllProjects === true || owned.projectId === principal.projectId;
}
