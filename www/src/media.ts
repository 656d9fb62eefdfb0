//! A file -> a photo or a video that the browser can show, and the video that a check watches. Uploads nothing: a file is
//! read where it lies.

/** Frames a second, and the longer side in pixels, of a photo that is shown to a check. */
const STILL = { rate: 15, side: 1280 };

/** An opened file, until `close`. */
export interface Media {
  readonly kind: 'photo' | 'video';
  readonly width: number;
  readonly height: number;
  /** What `score` gets. */
  readonly source: ImageBitmap | HTMLVideoElement;
  /** A playing video for `check`, from the start: the file itself, over and over, or a photo that stands still. */
  play(): Promise<HTMLVideoElement>;
  /** Ends what `play` began: the file plays to its end, the photo stops. */
  rest(): void;
  close(): void;
}

/** The browser can show the file neither as a photo nor as a video. */
export class Unreadable extends Error {}

/** Opens a file; a video goes to the element that the page shows. `signal` gives up waiting for it. */
export async function open(file: File, element: HTMLVideoElement, signal: AbortSignal): Promise<Media> {
  // By trying, not by the name or type: both may be missing or wrong.
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (bitmap) return photo(bitmap);
  return video(file, element, signal);
}

function photo(bitmap: ImageBitmap): Media {
  const { width, height } = bitmap;
  let stop = () => {};
  return {
    kind: 'photo',
    width,
    height,
    source: bitmap,
    async play() {
      stop();
      const scale = Math.min(1, STILL.side / Math.max(width, height));
      const canvas = Object.assign(document.createElement('canvas'), { width: Math.round(width * scale), height: Math.round(height * scale) });
      const context = canvas.getContext('2d')!;
      const draw = () => context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      draw();
      const stream = canvas.captureStream(STILL.rate);
      const timer = setInterval(draw, 1000 / STILL.rate);
      const still = Object.assign(document.createElement('video'), { srcObject: stream, muted: true, playsInline: true });
      stop = () => {
        clearInterval(timer);
        for (const track of stream.getTracks()) track.stop();
      };
      await still.play();
      return still;
    },
    rest: () => stop(),
    close() {
      stop();
      bitmap.close();
    },
  };
}

async function video(file: File, element: HTMLVideoElement, signal: AbortSignal): Promise<Media> {
  const url = URL.createObjectURL(file);
  const close = () => {
    element.pause();
    element.removeAttribute('src');
    element.load();
    URL.revokeObjectURL(url);
  };
  element.src = url;
  try {
    await new Promise<void>((resolve, reject) => {
      element.addEventListener('loadeddata', () => resolve(), { once: true, signal });
      element.addEventListener('error', () => reject(new Unreadable(element.error?.message)), { once: true, signal });
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    // Sound alone has no picture.
    if (element.videoWidth === 0) throw new Unreadable('There is no picture in it.');
  } catch (error) {
    close();
    throw error;
  }
  return {
    kind: 'video',
    width: element.videoWidth,
    height: element.videoHeight,
    source: element,
    async play() {
      // Few clips are as long as a check of a poor picture, or on a slow device.
      element.loop = true;
      element.currentTime = 0;
      await element.play();
      return element;
    },
    rest: () => (element.loop = false),
    close,
  };
}
