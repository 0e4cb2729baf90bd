/** The version in package.json (a test compares them): reading it from there would cost every start a file. */
export const version = '0.1.0';
