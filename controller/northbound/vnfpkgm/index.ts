export { defaultFetchPolicy, type FetchPolicy } from '../catalog/fetch-from-uri.ts';
export { vnfPackagePlugin } from './vnf-package-routes.ts';
