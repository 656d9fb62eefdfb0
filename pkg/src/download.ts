//! A URL -> its bytes, or the LivenessError that says why they do not come (delivery.ts). Knows nothing of what they are.

import { instead, isPage, pageInstead, refused, unreachable } from './delivery.js';
import { LivenessError, type LivenessErrorCode } from './errors.js';
import { unless } from './within.js';

/** A download that brings nothing for this long is broken, though the browser waits on. */
const STALL_MS = 30_000;

/** A response whose body may still be on its way. */
export interface Download {
  readonly response: Response;
  readonly stall: Stall;
}

/** Aborts its signal when nothing arrives for too long. */
class Stall {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something arrived. */
  readonly moved = (): void => {
    this.over();
    this.#timer = setTimeout(() => this.#controller.abort(), STALL_MS);
  };

  over(): void {
    clearTimeout(this.#timer);
  }
}

/**
 * Asks for a file; with `reload` past the browser's cache, which gets it anew.
 *
 * @throws LivenessError with `code`, if nothing answers or what does has no such file.
 */
export async function get(url: URL, code: LivenessErrorCode, cache: RequestCache = 'default'): Promise<Download> {
  const stall = new Stall();
  stall.moved();
  let response: Response;
  try {
    response = await fetch(url, { credentials: 'same-origin', cache, signal: stall.signal });
  } catch (cause) {
    stall.over();
    if (stall.signal.aborted) throw stalled(url.href, code, cause);
    throw await unreachable(code, url, cause);
  }
  stall.moved();
  const error = refused(code, url, response);
  if (!error) return { response, stall };
  stall.over();
  throw error;
}

/** Hands on the chunks of a body as they arrive. Ends by the stall's limit, whatever the browser does: Firefox never ends some copies. */
async function drain({ body }: Response, stall: Stall, take: (chunk: Uint8Array<ArrayBuffer>) => void): Promise<void> {
  const reader = body?.getReader();
  try {
    while (reader) {
      const { done, value } = await unless(stall.signal, reader.read());
      if (done) break;
      stall.moved();
      take(value);
    }
  } finally {
    stall.over();
  }
}

/**
 * Tells of a response's bytes as they arrive, and leaves it to be read. Before anyone reads it. `first` is how the body begins,
 * empty if nothing comes; `all` is what came once it has ended. Neither rejects: whoever reads the response itself hears of it.
 */
export function count({ response, stall }: Download, arrived: (bytes: number) => void): { first: Promise<Uint8Array>; all: Promise<Blob> } {
  let begun!: (chunk: Uint8Array) => void;
  const first = new Promise<Uint8Array>((resolve) => (begun = resolve));
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const ended = () => {
    begun(new Uint8Array());
    return new Blob(chunks);
  };
  const all = drain(response.clone(), stall, (chunk) => {
    begun(chunk);
    chunks.push(chunk);
    arrived(chunk.byteLength);
  }).then(ended, ended);
  return { first, all };
}

/**
 * All bytes of a download; `arrived` hears of each piece.
 *
 * @throws LivenessError with `code`, if it breaks off, stands still, or is a page of HTML.
 */
export async function body(download: Download, code: LivenessErrorCode, arrived: (bytes: number) => void = () => {}): Promise<Uint8Array<ArrayBuffer>> {
  const { response, stall } = download;
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    await drain(response, stall, (chunk) => {
      chunks.push(chunk);
      arrived(chunk.byteLength);
    });
    bytes = new Uint8Array(await new Blob(chunks).arrayBuffer());
  } catch (cause) {
    if (stall.signal.aborted) throw stalled(response.url, code, cause);
    const error = chunks.length === 0 && instead(code, response, new Uint8Array());
    if (error) throw error;
    throw new LivenessError(code, `${response.url} broke off while it was downloaded: check the connection.`, { cause });
  }
  if (isPage(bytes)) throw pageInstead(code, response.url);
  return bytes;
}

/** The error of a download that stood still. */
export function stalled(url: string, code: LivenessErrorCode, cause: unknown): LivenessError {
  return new LivenessError(code, `Nothing of ${url} arrived for ${STALL_MS / 1000} seconds: check the connection.`, { cause });
}
