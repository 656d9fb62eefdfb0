//! Line drawings of the messages, as SVG paths in a 24 x 24 box.

import type { Message } from './messages.js';

const PATHS: Readonly<Record<Message['glyph'], readonly string[]>> = {
  face: [
    'M4 8.5V6a2 2 0 0 1 2-2h2.5M15.5 4H18a2 2 0 0 1 2 2v2.5M20 15.5V18a2 2 0 0 1-2 2h-2.5M8.5 20H6a2 2 0 0 1-2-2v-2.5',
    'M9 10v.6M15 10v.6M12 10v2.6l-.8.6M9.2 15.6a4.2 4.2 0 0 0 5.6 0',
  ],
  model: ['M12 4v10.5M8 11l4 4 4-4M5 18.5h14'],
  camera: ['M4 8.5A1.5 1.5 0 0 1 5.5 7h9A1.5 1.5 0 0 1 16 8.5v7a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 4 15.5z', 'm16 10.5 4-2v7l-4-2'],
  off: ['M9 7h5.5A1.5 1.5 0 0 1 16 8.5V14M14.5 17h-9A1.5 1.5 0 0 1 4 15.5v-7', 'm16 10.5 4-2v7l-2-1M4 4l16 16'],
  lock: ['M6 11.5A1.5 1.5 0 0 1 7.5 10h9a1.5 1.5 0 0 1 1.5 1.5v6a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 6 17.5z', 'M8.5 10V8a3.5 3.5 0 0 1 7 0v2M12 13.5v2'],
  warning: ['M12 4.5 20.5 19h-17z', 'M12 10v4M12 16.4v.2'],
  chip: ['M7 8.5A1.5 1.5 0 0 1 8.5 7h7A1.5 1.5 0 0 1 17 8.5v7a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 7 15.5z', 'M10 4v3M14 4v3M10 17v3M14 17v3M4 10h3M4 14h3M17 10h3M17 14h3M10 10l4 4M14 10l-4 4'],
};

/** A fresh SVG element. */
export function draw(glyph: Message['glyph']): SVGSVGElement {
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  for (const d of PATHS[glyph]) {
    const path = document.createElementNS(namespace, 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}
