//! A depth map -> a small picture beside the face. Its colours are the legend's in the style sheet.

import type { DepthMap } from 'bonafide-liveness';

/** From flat to near. Brightness rises all the way, so that it reads without its colours. */
const STOPS = [
  [9, 17, 16],
  [20, 92, 84],
  [79, 195, 171],
  [245, 255, 250],
] as const;

/** Paints the map at its own size; the style sheet scales it. */
export function drawDepth(canvas: HTMLCanvasElement, { width, height, data }: DepthMap): void {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (!context) return;
  const image = context.createImageData(width, height);
  for (let i = 0; i < data.length; i++) {
    const at = Math.min(Math.max(data[i]!, 0), 1) * (STOPS.length - 1);
    const stop = Math.min(Math.floor(at), STOPS.length - 2);
    for (let channel = 0; channel < 3; channel++) {
      const [from, to] = [STOPS[stop]![channel]!, STOPS[stop + 1]![channel]!];
      image.data[i * 4 + channel] = from + (to - from) * (at - stop);
    }
    image.data[i * 4 + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
