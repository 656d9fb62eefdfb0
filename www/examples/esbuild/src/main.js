//! A camera screen of one's own, on the classes beneath the element.

import { LivenessDetector, openCamera } from 'bonafide-liveness';

const said = document.querySelector('output');
const video = document.querySelector('video');

document.querySelector('#check').addEventListener('click', async ({ target }) => {
  target.disabled = true;
  let camera, detector;
  try {
    said.value = 'loading';
    detector = await LivenessDetector.load();
    camera = await openCamera();
    video.srcObject = camera.stream;
    video.dataset.on = '';
    await video.play();
    const { outcome } = await detector.check(video, { onHint: (hint) => (said.value = hint ?? 'hold on') });
    said.value = outcome;
    document.querySelector('[type=submit]').disabled = outcome !== 'bona-fide';
  } catch (error) {
    said.value = error.code;
  } finally {
    camera?.close();
    delete video.dataset.on;
    detector?.dispose();
    target.disabled = false;
  }
});
