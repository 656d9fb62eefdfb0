//! What a consumer's TypeScript must accept in a CommonJS module. Compiled, never run.

import { LivenessDetector, type LivenessError } from 'bonafide-liveness';
import type { LivenessCheckElement } from 'bonafide-liveness/element';
import { LivenessCheck } from 'bonafide-liveness/react';
import { LivenessCheck as VueLivenessCheck } from 'bonafide-liveness/vue';

export const detector: Promise<LivenessDetector> = LivenessDetector.load();
export const bindings = [LivenessCheck, VueLivenessCheck];
export type Reason = LivenessError['reason'];
export type State = LivenessCheckElement['state'];
