//! The steps that a server reveals one at a time -> the session that waits for them. Asks the page's function, or a URL.

import { LivenessError } from './errors.js';
import { PROMPTS, type Prompt } from './generated.js';

/** A network loses answers; the server tells the same step again. */
const ATTEMPTS = 3;
/** Longest time for each, milliseconds: a step takes ten seconds at most. */
const ANSWER_MS = 5_000;

/** Asks for the step after `known` others. */
export type AskStep = (known: number) => Prompt | Promise<Prompt>;

/** Asks for each step once it is waited for, while frames go on. */
export class Steps {
  readonly #ask: AskStep | undefined;
  #known = 0;
  #asking = false;
  #came: { readonly step: Prompt } | { readonly error: LivenessError } | undefined;

  constructor(ask: AskStep | undefined) {
    this.#ask = ask;
  }

  /** The session waits: asks, unless somebody is asked already. */
  await(): void {
    if (this.#asking || this.#came) return;
    this.#asking = true;
    void this.#next().then((came) => {
      this.#came = came;
      this.#asking = false;
    });
  }

  /**
   * The step that came since the last call, if one did.
   *
   * @throws LivenessError `STEP_UNAVAILABLE`, or what the page's function threw where it is a LivenessError.
   */
  take(): Prompt | undefined {
    const came = this.#came;
    if (!came) return undefined;
    this.#came = undefined;
    if ('error' in came) throw came.error;
    this.#known++;
    return came.step;
  }

  async #next(): Promise<{ readonly step: Prompt } | { readonly error: LivenessError }> {
    try {
      const step: unknown = await this.#ask?.(this.#known);
      if ((PROMPTS as readonly unknown[]).includes(step)) return { step: step as Prompt };
      throw new LivenessError('STEP_UNAVAILABLE', `What was to reveal a step of the challenge gave ${JSON.stringify(step)}, which is none.`);
    } catch (cause) {
      return { error: LivenessError.from(cause, 'STEP_UNAVAILABLE') };
    }
  }
}

/** Asks a server's URL: `{ nonce, known }` posted as JSON, `{ step }` back. `ended` stops what is under way. */
export function stepsFrom(url: string, nonce: string, ended: AbortSignal): AskStep {
  return async (known) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await post(url, { nonce, known }, ended);
      } catch (cause) {
        if (cause instanceof LivenessError) throw cause;
        if (attempt < ATTEMPTS && !ended.aborted) continue;
        throw new LivenessError('STEP_UNAVAILABLE', "The server that reveals the challenge's steps did not answer.", { cause });
      }
    }
  };
}

async function post(url: string, turn: { readonly nonce: string; readonly known: number }, ended: AbortSignal): Promise<Prompt> {
  const limit = new AbortController();
  const stop = () => limit.abort();
  const timer = setTimeout(stop, ANSWER_MS);
  ended.addEventListener('abort', stop);
  try {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(turn), signal: limit.signal });
    // What it says is looked at where it is used.
    if (response.ok) return ((await response.json()) as { step?: unknown } | null)?.step as Prompt;
    const said = `${response.status} ${(await response.text()).slice(0, 200)}`;
    // Its own trouble may pass. If it said no, it would again.
    if (response.status >= 500) throw new Error(said);
    throw new LivenessError('STEP_UNAVAILABLE', `The server that reveals the challenge's steps refused one: ${said}.`);
  } finally {
    clearTimeout(timer);
    ended.removeEventListener('abort', stop);
  }
}
