export { nsdPlugin } from './nsd-routes.ts';
