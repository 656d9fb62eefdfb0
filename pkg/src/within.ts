//! A promise that may never settle -> one that does.

import type { LivenessError } from './errors.js';

/** What `work` gives, or the error that `late` makes where it takes longer than the limit. */
export async function within<T>(limitMs: number, work: Promise<T>, late: () => LivenessError): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(late()), limitMs)));
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
