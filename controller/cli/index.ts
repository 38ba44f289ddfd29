/** The `skerry` command, and of it and its demo what tests reuse. */
export { SkerryApi } from './api.ts';
export type { AgentView, InfraView, NsView, OperationView, UnitView, VnfView } from './api-types.ts';
export { openStates } from './api-types.ts';
export { ChangeFeed } from './change-feed.ts';
export { ManagedChild, type ReadyLine } from './demo/managed-child.ts';
export { identifyProcess, isAlive, type ProcessIdentity } from './demo/process-identity.ts';
export { type CutMode, TcpProxy, type TcpProxyOptions } from './demo/tcp-proxy.ts';
export { CliError, exitCodes } from './exit-codes.ts';
export { HttpClient, ProblemError } from './http-client.ts';
export { main, runCli } from './main.ts';
export { onboardAll, openPackageSource, type PackageSource } from './package-source.ts';
