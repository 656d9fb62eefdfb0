//! What the page says in each state that has no score to show: a title, a sentence with the remedy, what to press.

import type { LivenessErrorCode } from 'bonafide-liveness';

/** A button of a message. `retry-camera` and `retry-model` do again what failed. */
export type Action = 'camera' | 'photo' | 'retry-camera' | 'retry-model' | 'use-cpu';

export interface Message {
  readonly state: string;
  readonly tone: 'calm' | 'busy' | 'problem';
  readonly glyph: 'face' | 'model' | 'camera' | 'off' | 'lock' | 'warning' | 'chip';
  readonly title: string;
  readonly text: string;
  /** The first is the main one. */
  readonly actions: readonly Action[];
}

export const IDLE: Message = {
  state: 'idle',
  tone: 'calm',
  glyph: 'face',
  title: 'Is this a live face?',
  text: 'Use your camera, or drop a photo here. Scores are computed in this page.',
  actions: ['camera', 'photo'],
};

export const LOADING: Message = {
  state: 'loading',
  tone: 'busy',
  glyph: 'model',
  title: 'Getting the model ready',
  text: 'The engine and its weights are downloaded once, then kept by your browser.',
  actions: [],
};

export const ASKING: Message = {
  state: 'asking',
  tone: 'busy',
  glyph: 'camera',
  title: 'Waiting for your camera',
  text: 'Your browser asks whether this page may use it. Nothing is recorded, and no frame leaves the page.',
  actions: [],
};

export const BAD_PHOTO: Message = {
  state: 'bad-photo',
  tone: 'problem',
  glyph: 'warning',
  title: 'This file is not a photo',
  text: 'Your browser cannot read it as an image. JPEG, PNG and WebP work everywhere.',
  actions: ['photo', 'camera'],
};

const FAILURES: Partial<Record<LivenessErrorCode, Omit<Message, 'tone'>>> = {
  CAMERA_PERMISSION_DENIED: {
    state: 'camera-denied',
    glyph: 'lock',
    title: 'The camera is not allowed',
    text: 'Allow it in the site settings, next to the address, then try again. A photo works without it.',
    actions: ['retry-camera', 'photo'],
  },
  CAMERA_BLOCKED: {
    state: 'camera-blocked',
    glyph: 'lock',
    title: 'The camera is blocked here',
    text: 'A policy of this page or of your browser keeps it from cameras. A photo works without one.',
    actions: ['photo'],
  },
  CAMERA_NOT_FOUND: {
    state: 'no-camera',
    glyph: 'off',
    title: 'No camera found',
    text: 'Connect one and try again, or choose a photo instead.',
    actions: ['retry-camera', 'photo'],
  },
  CAMERA_IN_USE: {
    state: 'camera-in-use',
    glyph: 'off',
    title: 'The camera is busy',
    text: 'Another program, or your system, holds it. Close that program and try again.',
    actions: ['retry-camera', 'photo'],
  },
  CAMERA_CONSTRAINTS: {
    state: 'camera-in-use',
    glyph: 'off',
    title: 'This camera does not fit',
    text: 'It offers no picture that the page can use. Try another camera, or choose a photo.',
    actions: ['retry-camera', 'photo'],
  },
  CAMERA_LOST: {
    state: 'camera-lost',
    glyph: 'off',
    title: 'The camera stopped',
    text: 'It was unplugged, or another program took it.',
    actions: ['retry-camera', 'photo'],
  },
  INSECURE_CONTEXT: {
    state: 'insecure',
    glyph: 'lock',
    title: 'Cameras need a secure page',
    text: 'Open this page over https or on localhost. A photo works here too.',
    actions: ['photo'],
  },
  WEBGPU_UNAVAILABLE: {
    state: 'no-webgpu',
    glyph: 'chip',
    title: 'No WebGPU here',
    text: 'This browser or device offers no GPU to pages. The CPU gives the same scores.',
    actions: ['use-cpu'],
  },
  MODEL_FETCH: {
    state: 'model-failed',
    glyph: 'warning',
    title: 'The weights did not arrive',
    text: 'Check your connection and try again.',
    actions: ['retry-model'],
  },
  ENGINE_FETCH: {
    state: 'engine-failed',
    glyph: 'warning',
    title: 'The engine did not arrive',
    text: 'Check your connection and try again.',
    actions: ['retry-model'],
  },
  MODEL_INTEGRITY: {
    state: 'model-refused',
    glyph: 'warning',
    title: 'The weights were refused',
    text: 'They are damaged or belong to another version, so no score of theirs could be trusted.',
    actions: ['retry-model'],
  },
  NOT_SUPPORTED: {
    state: 'unsupported',
    glyph: 'warning',
    title: 'This browser is too old',
    text: 'The page needs WebAssembly with SIMD and web workers: any browser from 2023 or later.',
    actions: [],
  },
};

/** The message of a failure; one that the page does not expect is told in its own words. */
export function failure(code: LivenessErrorCode, detail: string): Message {
  const known = FAILURES[code];
  if (known) return { ...known, tone: 'problem' };
  return {
    state: 'failed',
    tone: 'problem',
    glyph: 'warning',
    title: 'Something went wrong',
    text: detail,
    actions: ['retry-model'],
  };
}

/** Why there is no depth view, where there are scores all the same. */
export const DEPTH_PROBLEMS: Partial<Record<LivenessErrorCode, string>> = {
  MODEL_FETCH: 'The view’s weights did not arrive. Check your connection and switch it on again.',
  MODEL_INTEGRITY: 'The view’s weights were refused: they are damaged or belong to another version.',
};

/** Words on the buttons. */
export const ACTION_LABELS: Readonly<Record<Action, string>> = {
  camera: 'Use camera',
  photo: 'Choose a photo',
  'retry-camera': 'Try again',
  'retry-model': 'Try again',
  'use-cpu': 'Use the CPU',
};
