//! What a consumer's TypeScript must accept in a CommonJS module. Compiled, never run.

import { LivenessDetector, type LivenessError } from 'bonafide';
import type { LivenessCheckElement } from 'bonafide/element';
import { LivenessCheck } from 'bonafide/react';
import { LivenessCheck as VueLivenessCheck } from 'bonafide/vue';

export const detector: Promise<LivenessDetector> = LivenessDetector.load();
export const bindings = [LivenessCheck, VueLivenessCheck];
export type Reason = LivenessError['reason'];
export type State = LivenessCheckElement['state'];
