//! The demo: a camera or a photo -> the package -> the view. Holds what is going on, and nothing of how it looks.

import { LivenessDetector, LivenessError, openCamera, type BackendChoice, type Camera, type FrameSource, type ScoreResult } from 'bonafide-liveness';
import { ASKING, BAD_PHOTO, DEPTH_PROBLEMS, failure, IDLE, LOADING, type Message } from './messages.js';
import * as view from './view.js';

let detector: LivenessDetector | null = null;
let loading: AbortController | null = null;
let modelProblem: Message | null = null;
let cameraProblem: Message | null = null;
let camera: Camera | null = null;
let photo: ImageBitmap | null = null;
/** The browser's question for the camera is open. */
let asking = false;
/** Raised by whatever makes running work stale: a new source, a new detector. */
let turn = 0;
/** Raised by a new source alone: a detector that arrives meanwhile does not close a question to the user. */
let sourceTurn = 0;

/** The stage's message follows from the state: the model's problem first, since nothing works without it. */
function refresh(): void {
  const source = camera ? 'camera' : photo ? 'photo' : null;
  const problem = modelProblem ?? cameraProblem;
  if (asking) view.showMessage(ASKING);
  else if (problem) view.showMessage(problem);
  else if (source && loading) view.showMessage(LOADING);
  else view.showMessage(source ? null : IDLE);
}

async function load(choice: BackendChoice): Promise<void> {
  loading?.abort();
  detector?.dispose();
  detector = null;
  modelProblem = null;
  const mine = (loading = new AbortController());
  turn++;
  view.showLoading();
  refresh();
  try {
    const loaded = await LivenessDetector.load({ backend: choice, signal: mine.signal });
    if (mine.signal.aborted) return loaded.dispose();
    detector = loaded;
  } catch (error) {
    if (mine.signal.aborted) return;
    modelProblem = failureOf(error);
  }
  loading = null;
  view.showDetector(detector);
  refresh();
  await score();
}

/** One frame's result, with the depth view while that is on. */
async function look(by: LivenessDetector, source: FrameSource): Promise<ScoreResult> {
  if (!view.depthSwitch.checked) return by.score(source);
  try {
    return await by.depth(source);
  } catch (error) {
    const problem = DEPTH_PROBLEMS[LivenessError.from(error).code];
    if (problem === undefined) throw error;
    // The view is an extra: scoring goes on without it.
    console.error(error);
    view.showDepth(false, problem);
    return by.score(source);
  }
}

/** Scores what is on the stage: a photo once, a camera for as long as it runs. */
async function score(): Promise<void> {
  const mine = ++turn;
  try {
    if (photo && detector) {
      view.showWaiting('Scoring');
      const { width, height } = photo;
      const result = await look(detector, photo);
      if (mine === turn && detector) view.showResult(result, width, height, detector.operatingPoints['balanced']);
    } else if (camera) {
      if (detector) view.showWaiting('Looking for a face');
      while (mine === turn && camera && detector) {
        await nextFrame(view.video);
        const { videoWidth, videoHeight } = view.video;
        if (mine !== turn || !videoWidth) continue;
        const result = await look(detector, view.video);
        if (mine === turn && detector) view.showResult(result, videoWidth, videoHeight, detector.operatingPoints['balanced']);
      }
    }
  } catch (error) {
    // Work for a detector that was switched away from is cancelled; that is no failure.
    if (mine !== turn) return;
    modelProblem = failureOf(error);
    refresh();
  }
}

async function startCamera(): Promise<void> {
  stopSource();
  asking = true;
  refresh();
  const mine = sourceTurn;
  try {
    const opened = await openCamera({
      onLost(error) {
        stopSource();
        cameraProblem = failureOf(error);
        refresh();
      },
    });
    if (mine !== sourceTurn) return opened.close();
    asking = false;
    camera = opened;
    view.video.srcObject = opened.stream;
    await view.video.play();
    const facing = opened.stream.getVideoTracks()[0]?.getSettings().facingMode;
    // People expect a mirror, except from a camera that looks away from them.
    view.showPicture('camera', facing !== 'environment');
  } catch (error) {
    if (mine !== sourceTurn) return;
    stopSource();
    cameraProblem = failureOf(error);
  }
  refresh();
  await score();
}

async function openPhoto(file: File | undefined): Promise<void> {
  if (!file) return;
  stopSource();
  const mine = sourceTurn;
  try {
    const opened = await createImageBitmap(file);
    if (mine !== sourceTurn) return opened.close();
    photo = opened;
    view.photo.width = photo.width;
    view.photo.height = photo.height;
    view.photo.getContext('2d')?.drawImage(photo, 0, 0);
    view.showPicture('photo');
  } catch {
    if (mine !== sourceTurn) return;
    cameraProblem = BAD_PHOTO;
  }
  refresh();
  await score();
}

function stopSource(): void {
  turn++;
  sourceTurn++;
  asking = false;
  cameraProblem = null;
  camera?.close();
  camera = null;
  photo?.close();
  photo = null;
  view.video.srcObject = null;
  view.showPicture(null);
}

function failureOf(error: unknown): Message {
  const { code, message } = LivenessError.from(error);
  console.error(error);
  return failure(code, message);
}

/** Resolves when the video shows another frame, so that none is scored twice. */
function nextFrame(video: HTMLVideoElement): Promise<void> {
  return new Promise((resolve) => {
    if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(() => resolve());
    else requestAnimationFrame(() => resolve());
  });
}

function chosenBackend(): BackendChoice {
  return document.querySelector<HTMLInputElement>('input[name=backend]:checked')?.value as BackendChoice;
}

view.buttons.main.addEventListener('click', () => {
  switch (view.buttons.main.dataset['action']) {
    case 'use-cpu':
      document.querySelector<HTMLInputElement>('input[name=backend][value=cpu]')!.checked = true;
      return void load('cpu');
    case 'retry-model':
      return void load(chosenBackend());
    default:
      return void startCamera();
  }
});
view.buttons.again.addEventListener('click', () => void startCamera());
view.buttons.stop.addEventListener('click', () => {
  stopSource();
  refresh();
});
for (const input of view.files) {
  input.addEventListener('change', () => {
    void openPhoto(input.files?.[0]);
    // The same file may be chosen again.
    input.value = '';
  });
}
for (const radio of document.querySelectorAll<HTMLInputElement>('input[name=backend]')) {
  radio.addEventListener('change', () => void load(chosenBackend()));
}
view.depthSwitch.addEventListener('change', () => {
  view.showDepth(view.depthSwitch.checked);
  if (detector && photo) void score();
});
addEventListener('dragover', (event) => {
  event.preventDefault();
  view.stage.classList.add('dropping');
});
addEventListener('dragleave', () => view.stage.classList.remove('dropping'));
addEventListener('drop', (event) => {
  event.preventDefault();
  view.stage.classList.remove('dropping');
  void openPhoto(event.dataTransfer?.files[0]);
});

// A browser may have kept the switch from an earlier visit.
view.showDepth(view.depthSwitch.checked);
void load(chosenBackend());
