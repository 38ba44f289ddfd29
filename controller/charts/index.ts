export type { ChartRepositories, ChartRepositoryInput, ChartRepositoryPatch } from './chart-repositories.ts';
export { viewOf } from './chart-repositories.ts';
export { type ChartRoom, type ChartRoomDependencies, createChartRoom } from './create-chart-room.ts';
