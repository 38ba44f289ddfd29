export { type ArtefactStore, createArtefactStore } from './artefact-store.ts';
export type * from './catalog.ts';
export { type ChartStore, createChartStore } from './chart-store.ts';
export { type CatalogDependencies, createCatalog } from './create-catalog.ts';
export type { CheckNsFn } from './onboarding.ts';
