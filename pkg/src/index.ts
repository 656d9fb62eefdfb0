//! Face liveness on the device. Importing does nothing: no DOM is touched, nothing is fetched before `load`.

export { openCamera, type Camera, type CameraOptions } from './camera.js';
export { LivenessDetector } from './detector.js';
export { ERROR_CODES, LivenessError, type LivenessErrorCode } from './errors.js';
export { SIGNALS, type Signal, type SignalName } from './signals/names.js';
export { HINTS, NOTICES, OUTCOMES, PROMPTS, REASONS, type Hint, type Notice, type Outcome, type Prompt, type Reason } from './vocabulary.js';
export type {
  Backend,
  BackendChoice,
  ChallengeOptions,
  CheckOptions,
  CheckProgress,
  CheckResult,
  DepthMap,
  DepthResult,
  FaceBox,
  FrameSource,
  LoadOptions,
  LoadProgress,
  OperatingPoint,
  ScoreResult,
  Settled,
  Timings,
  Transcript,
} from './types.js';
