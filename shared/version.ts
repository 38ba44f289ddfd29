/** Of this build; the same as in package.json (a test compares them). */
export const version = '0.1.0';
/** Of the sync protocol; the controller speaks this and the one before. */
export const protocolVersion = 1;
