//! The policy's own word on what it blocked, for the error that follows: to `fetch` and to `new Worker` a policy's refusal
//! looks like a missing network.

/** Browsers tell of a violation in a task of its own, after the refusal. */
const PATIENCE_MS = 50;

/** Few: only what is asked about soon after. */
const KEPT = 20;

const seen: { readonly url: string; readonly directive: string }[] = [];
let listening = false;

/** Begins to listen, in a page or a worker, before what may be blocked. */
export function heedPolicy(): void {
  if (listening || typeof addEventListener !== 'function') return;
  listening = true;
  addEventListener('securitypolicyviolation', ({ blockedURI, effectiveDirective, disposition }) => {
    if (disposition !== 'enforce') return;
    seen.push({ url: blockedURI, directive: effectiveDirective });
    if (seen.length > KEPT) seen.shift();
  });
}

/** The directive that blocked a URL, if one did. Of other origins browsers may name no more than the origin. */
export async function violated(url: URL): Promise<string | undefined> {
  await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  return seen.find((one) => one.url === url.href || one.url === url.origin)?.directive;
}
