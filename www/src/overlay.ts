//! A face box -> lines over the picture. Works in the picture's own pixels; the style sheet fits both alike.

import type { FaceBox } from 'bonafide-liveness';

/** Draws corner marks around the face, or nothing. */
export function drawFace(canvas: HTMLCanvasElement, width: number, height: number, face: FaceBox | null, color: string): void {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext('2d');
  if (!context) return;
  context.clearRect(0, 0, width, height);
  if (!face) return;

  // As thick on a phone's photo as on a small webcam's frame.
  const thickness = Math.max(2, Math.max(width, height) / 220);
  const { x, y, width: w, height: h } = face;
  const arm = Math.min(w, h) * 0.22;
  context.lineWidth = thickness;
  context.lineCap = context.lineJoin = 'round';
  context.strokeStyle = color;
  context.shadowColor = 'rgb(0 0 0 / 55%)';
  context.shadowBlur = thickness * 1.5;
  context.beginPath();
  for (const [cx, cy, dx, dy] of [
    [x, y, 1, 1],
    [x + w, y, -1, 1],
    [x + w, y + h, -1, -1],
    [x, y + h, 1, -1],
  ] as const) {
    context.moveTo(cx + dx * arm, cy);
    context.lineTo(cx, cy);
    context.lineTo(cx, cy + dy * arm);
  }
  context.stroke();
}
