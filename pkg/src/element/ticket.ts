//! The page's ticket function -> what a check is told of the ticket, or why there is none.

import { LivenessError } from '../errors.js';
import { within } from '../within.js';
import { TICKET, type LivenessCheckProperties, type Ticket } from './properties.js';

/** A person waits, and the camera is not open yet. */
const TICKET_TIMEOUT_MS = 20_000;

/**
 * Asks for a ticket; without a function there is nothing to ask.
 *
 * @throws LivenessError `TICKET_FAILED` if it throws, does not answer in time or gives nothing of a ticket, unless it throws a LivenessError of its own;
 * `INVALID_INPUT` for what is no function or no ticket.
 */
export async function askTicket(ask: LivenessCheckProperties['ticket']): Promise<Ticket> {
  if (ask === null || ask === undefined) return {};
  if (typeof ask !== 'function') throw new LivenessError('INVALID_INPUT', "The element's ticket is a function that gets one.");
  const late = () => new LivenessError('TICKET_FAILED', `The page's ticket function did not answer for ${TICKET_TIMEOUT_MS / 1000} seconds.`);
  let ticket: unknown;
  try {
    ticket = await within(TICKET_TIMEOUT_MS, Promise.resolve(ask()), late);
  } catch (cause) {
    // By its name, not `instanceof`: it may come from another copy of this package.
    if ((cause as Error | null)?.name === 'LivenessError') throw LivenessError.from(cause);
    throw new LivenessError('TICKET_FAILED', "The page's ticket function failed: it could not get a ticket for this check.", { cause });
  }
  if (typeof ticket !== 'object' || ticket === null) throw new LivenessError('INVALID_INPUT', "What the element's ticket function gave is no ticket.");
  // What a server says in place of a ticket, or a response whose `json()` nobody called: no check without the ticket that was meant.
  if (!TICKET.some((name) => name in (ticket as Ticket))) {
    throw new LivenessError('TICKET_FAILED', `What the page's ticket function gave has nothing of a ticket (${TICKET.join(', ')}): did the server refuse, or is \`.json()\` missing?`);
  }
  // A server's ticket holds more, which is its own, and null for what it leaves out.
  const given = TICKET.map((name) => [name, (ticket as Ticket)[name] ?? undefined] as const).filter(([, value]) => value !== undefined);
  const asked: Ticket = Object.fromEntries(given);
  // Steps that a server reveals stand in for the element's own.
  return asked.revealed ? { challenge: false, ...asked } : asked;
}
