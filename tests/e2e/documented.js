//! The code in the documentation, for tests that run it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './server.js';

/** Samples of a file in a language, in order. */
export const samples = (file, language) => [...readFileSync(join(root, file), 'utf8').matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, text]) => text);
