//! A track -> what it says of itself, against what cameras say and what the browser says of the device.

import { UNKNOWN, type Finding } from './names.js';

/** Wider than any camera: a track that promises it promises anything. */
const IMPOSSIBLE = 1_000_003;
/** Names of virtual cameras, and of programs that make a phone one. Word by word: `Obsbot` is a camera. */
const KNOWN = /(?:^|[^a-z])(virtual|obs|manycam|snap camera|xsplit|splitcam|webcamoid|vcam|e2esoft|v4l2loopback|dummy|fake|droidcam|epoccam|iriun|camo|ndi|mmhmm)(?![a-z])/i;

/** By its class, as the browser writes it: a canvas's and a script's tracks have their own. */
export function trackClass(track: MediaStreamTrack): Finding {
  const tag = Object.prototype.toString.call(track).slice(8, -1);
  return { fired: tag !== 'MediaStreamTrack', measured: { class: tag } };
}

/** Whether the browser lists the device that the track names. Without permission for cameras it names none. */
export async function unlisted(track: MediaStreamTrack): Promise<Finding> {
  const { deviceId } = track.getSettings();
  const listed = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId !== '');
  if (listed.length === 0) return UNKNOWN;
  const known = listed.some((device) => device.deviceId === deviceId);
  return { fired: !known, measured: { known, cameras: listed.length } };
}

/** Whether the settings are a camera's, and within its capabilities. */
export function settings(track: MediaStreamTrack): Finding {
  const told: Readonly<Record<string, unknown>> = { ...track.getSettings() };
  const capabilities: Readonly<Record<string, unknown>> = { ...track.getCapabilities?.() };
  const supported: Readonly<Record<string, unknown>> = { ...navigator.mediaDevices.getSupportedConstraints() };
  const missing = ['deviceId', 'groupId', 'width', 'height', 'frameRate'].filter((name) => supported[name] && (told[name] === undefined || told[name] === ''));
  const outside = Object.entries(told).flatMap(([name, value]) => (fits(value, capabilities[name]) ? [] : [name]));
  return { fired: missing.length + outside.length > 0, measured: { missing, outside } };
}

/** Within a range, in a list, or equal. A capability that is not told, or an empty list, forbids nothing. */
function fits(value: unknown, capability: unknown): boolean {
  if (capability === undefined || capability === null) return true;
  if (Array.isArray(capability)) return capability.length === 0 || capability.includes(value);
  if (typeof capability !== 'object') return capability === value;
  const { min = -Infinity, max = Infinity } = capability as { min?: number; max?: number };
  // Rates are told in other digits here and there.
  return typeof value !== 'number' || (value >= min - 0.01 && value <= max + 0.01);
}

/**
 * Asks for what no camera can do. A camera refuses, and stays as it is; programs in between, written for pages that insist
 * on a size, often agree to anything.
 */
export async function constraints(track: MediaStreamTrack): Promise<Finding> {
  const accepted: string[] = [];
  for (const [name, wish] of [
    ['width', { width: { exact: IMPOSSIBLE } }],
    ['deviceId', { deviceId: { exact: 'no-such-device' } }],
  ] as const) {
    try {
      await track.applyConstraints(wish);
      accepted.push(name);
    } catch {
      // As it should.
    }
  }
  return { fired: accepted.length > 0, measured: { accepted } };
}

/** The word in the track's name that a virtual camera is known by. The name itself stays here: it tells of a person's things. */
export function label(track: MediaStreamTrack): Finding {
  const word = KNOWN.exec(track.label)?.[1]?.toLowerCase() ?? null;
  return { fired: word !== null || track.label === '', measured: { word, empty: track.label === '' } };
}
