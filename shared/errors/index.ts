export { type ErrorCode, errorCatalogue } from './catalogue.ts';
export { fail, ok, type Result } from './result.ts';
export { isSkerryError, type Retry, SkerryError, type SkerryErrorOptions } from './skerry-error.ts';
