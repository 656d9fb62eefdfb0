//! Face liveness on the device. Importing does nothing: no DOM is touched, nothing is fetched before `load`.

export { openCamera, type Camera, type CameraOptions } from './camera.js';
export { LivenessDetector } from './detector.js';
export { ERROR_CODES, ERROR_REASONS, LivenessError, type ErrorReason, type LivenessErrorCode } from './errors.js';
export { HINTS, NOTICES, OUTCOMES, PROMPTS, REASONS } from './generated.js';
export type { Backend, FaceBox, Hint, Notice, OperatingPoint, Outcome, Prompt, Reason, ScoreResult, Timings, Transcript } from './generated.js';
export { SIGNALS, type Signal, type SignalName } from './signals/names.js';
export type {
  AttachOptions,
  BackendChoice,
  ChallengeOptions,
  CheckOptions,
  CheckProgress,
  CheckResult,
  DepthMap,
  DepthResult,
  FrameSource,
  LoadOptions,
  LoadProgress,
  Settled,
  Turn,
} from './types.js';
