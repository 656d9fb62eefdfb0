//! Which release this is: page and worker are files of one. A test holds it to package.json.

export const VERSION = '0.1.0';
