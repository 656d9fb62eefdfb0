//! Face liveness on the device. Importing does nothing: no DOM is touched, nothing is fetched before `load`.

export { openCamera, type Camera, type CameraOptions } from './camera.js';
export { LivenessDetector } from './detector.js';
export { LivenessError, type LivenessErrorCode } from './errors.js';
export type {
  Backend,
  BackendChoice,
  FaceBox,
  FrameSource,
  LoadOptions,
  OperatingPoint,
  ScoreResult,
  Timings,
} from './types.js';
