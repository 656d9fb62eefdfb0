//! Where a page's pictures may come from: cameras that play a film, and what is injected in a camera's stead. For the
//! tests of the signals, and for the table of which fire (`make signals`).

import { portrait, writeFilm } from './pictures.js';

/** A picture with a camera's noise: each time another one. */
function noisy({ data, width, height }, seed) {
  const out = new Uint8Array(data);
  let state = seed * 2654435761 + 1;
  for (let i = 0; i < out.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    if (i % 4 !== 3) out[i] = Math.max(0, Math.min(255, out[i] + (state >>> 28) - 8));
  }
  return { data: out, width, height };
}

const film = (name, frames, rate) => () => {
  const picture = portrait();
  return writeFilm(`source-${name}.y4m`, Array.from({ length: frames }, (_, i) => [noisy(picture, i), 1]), { rate });
};

/** What tells a canvas's or a script's track, whatever is done to hide it. */
const CANVAS = ['track-class', 'unlisted-device', 'settings'];

/** Longer than a check takes, so that it does not repeat within one. */
const camera = film('camera', 150, 15);

/**
 * `clip` plays as the camera. `open` runs in the page, may replace what it likes, and gives a video; without it, the camera is
 * opened as any page does. `fires` is what it must fire, and nothing else; nothing, where it stands for a camera.
 */
export const SOURCES = {
  'camera, 15 frames a second': { clip: camera, fires: [] },
  'camera, 30 frames a second': { clip: film('fast', 250, 30), fires: [] },
  'camera, 15, processors busy': { clip: camera, busy: true, fires: [] },
  'still picture as a camera': { clip: () => writeFilm('source-still.y4m', [[portrait(), 3]]), fires: ['repeated-frames'] },
  'film of half a second, over and over, as a camera': { clip: film('loop', 8, 15), fires: ['repeated-frames'] },
  'canvas.captureStream, given as it is': { clip: camera, fires: CANVAS, open: () => play(canvasOf(portraitCanvas())) },
  'canvas.captureStream, by a replaced getUserMedia': {
    clip: camera,
    fires: [...CANVAS, 'page-functions'],
    open: () => {
      navigator.mediaDevices.getUserMedia = async () => canvasOf(portraitCanvas());
      return film();
    },
  },
  'the same, the prototype wrapped in a proxy': {
    clip: camera,
    fires: [...CANVAS, 'page-functions'],
    open: () => {
      const { getUserMedia } = MediaDevices.prototype;
      MediaDevices.prototype.getUserMedia = new Proxy(getUserMedia, { apply: async () => canvasOf(portraitCanvas()) });
      return film();
    },
  },
  'the same, its text forged as well': {
    clip: camera,
    fires: [...CANVAS, 'page-functions'],
    open: () => {
      const { toString } = Function.prototype;
      const forged = async function getUserMedia() { return canvasOf(portraitCanvas()); };
      Function.prototype.toString = function () { return this === forged || this === Function.prototype.toString ? `function ${this.name}() { [native code] }` : toString.call(this); };
      MediaDevices.prototype.getUserMedia = forged;
      return film();
    },
  },
  'MediaStreamTrackGenerator': {
    clip: camera,
    fires: ['frame-timing', ...CANVAS],
    open: () => {
      const canvas = portraitCanvas();
      const track = new MediaStreamTrackGenerator({ kind: 'video' });
      const writer = track.writable.getWriter();
      let timestamp = 0;
      setInterval(() => (canvas.paint(), void writer.write(new VideoFrame(canvas, { timestamp: (timestamp += 33_333) }))), 33);
      return play(new MediaStream([track]));
    },
  },
  'canvas through a peer connection': {
    clip: camera,
    fires: ['unlisted-device', 'settings'],
    open: async () => {
      const [from, to] = [new RTCPeerConnection(), new RTCPeerConnection()];
      from.onicecandidate = ({ candidate }) => to.addIceCandidate(candidate);
      to.onicecandidate = ({ candidate }) => from.addIceCandidate(candidate);
      const arrived = new Promise((resolve) => (to.ontrack = ({ track }) => resolve(new MediaStream([track]))));
      for (const track of canvasOf(portraitCanvas()).getTracks()) from.addTrack(track);
      await from.setLocalDescription();
      await to.setRemoteDescription(from.localDescription);
      await to.setLocalDescription();
      await from.setRemoteDescription(to.localDescription);
      return play(await arrived);
    },
  },
  'camera, a script agrees to every constraint': {
    clip: camera,
    fires: ['constraints', 'page-functions'],
    open: () => {
      MediaStreamTrack.prototype.applyConstraints = async () => {};
      return film();
    },
  },
};

/** Runs in a page: gives it what `open` above uses. The portrait comes as `pack` has it. */
export function provideSources({ base64, width, height }) {
  const portrait = imageData(base64, width, height);
  /** A canvas with the portrait, and noise that `paint()` draws anew. */
  globalThis.portraitCanvas = () => {
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const context = canvas.getContext('2d');
    canvas.paint = () => {
      const { data } = portrait;
      const picture = new ImageData(width, height);
      for (let i = 0; i < data.length; i++) picture.data[i] = i % 4 === 3 ? 255 : data[i] + Math.random() * 16 - 8;
      context.putImageData(picture, 0, 0);
    };
    canvas.paint();
    return canvas;
  };
  globalThis.canvasOf = (canvas) => {
    setInterval(canvas.paint, 33);
    return canvas.captureStream(30);
  };
  globalThis.play = async (srcObject) => {
    const video = Object.assign(document.createElement('video'), { muted: true, playsInline: true, srcObject });
    await video.play();
    return video;
  };
}
