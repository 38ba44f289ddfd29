export type { TelemetryQueries } from './agent-routes.ts';
export { type SkerryPluginDependencies, skerryPlugin } from './skerry-plugin.ts';
