//! A program that was started -> what it says when it is ready; or its end.

import { once } from 'node:events';

/** What `pattern` holds in its first group, once what a program writes to `stream` matches it; the program must not end before. */
export function said(program, stream, pattern) {
  return new Promise((resolve, reject) => {
    let all = '';
    stream.on('data', (chunk) => {
      all += chunk;
      const found = all.match(pattern);
      if (found) resolve(found[1]);
    });
    program.on('error', reject);
    program.on('exit', () => reject(new Error(`${program.spawnfile} ended:\n${all}`)));
  });
}

/** Ends a program, unless it has ended, and waits for that. */
export async function stop(program) {
  if (program.exitCode !== null || program.signalCode !== null) return;
  const ended = once(program, 'exit');
  program.kill();
  await ended;
}
