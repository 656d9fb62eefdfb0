//! Real photos (a development dependency) -> pixels, PNG files and camera clips.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { root } from './server.js';

const folder = join(root, 'target/e2e');
const require = createRequire(import.meta.url);
const samples = join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'demo');

/** Path of sample photo 1 to 6. */
export const samplePath = (n) => join(samples, `sample${n}.jpg`);

/** A sample photo as `{ data: RGBA bytes, width, height }`. */
export function sample(n) {
  const { data, width, height } = jpeg.decode(readFileSync(samplePath(n)), { useTArray: true, formatAsRGBA: true });
  return { data, width, height };
}

/** One woman of sample 3, as a webcam would see her: the samples are group photos. All networks find her live. */
export const portrait = () => fit(cut(sample(3), 346, 280, 640, 480));

/** The same woman's face alone, square as a face crop is. */
export const faceCrop = (side = 224) => fit(cut(sample(3), 516, 306, 400, 400), side, side);

function cut(source, left, top, width, height) {
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * source.width + left) * 4;
    data.set(source.data.subarray(from, from + width * 4), y * width * 4);
  }
  return { data, width, height };
}

/** A picture with its contrast taken away: all of it at 1, none at 0. */
export function fade({ data, width, height }, amount) {
  return { data: data.map((v, i) => (i % 4 === 3 ? v : v + (128 - v) * amount)), width, height };
}

/** A picture turned clockwise by a quarter of a circle. */
export function lying({ data, width, height }) {
  const turned = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 4;
      turned.set(data.subarray(from, from + 4), (x * height + height - 1 - y) * 4);
    }
  }
  return { data: turned, width: height, height: width };
}

/** A picture of so many times the size, each pixel a square. Pages run it as well: it needs nothing around it. */
export function enlarged({ data, width, height }, times) {
  const from = new Uint32Array(Uint8Array.from(data).buffer);
  const pixels = new Uint32Array(from.length * times * times);
  for (let at = 0; at < pixels.length; at++) {
    const [x, y] = [at % (width * times), Math.floor(at / (width * times))];
    pixels[at] = from[Math.floor(y / times) * width + Math.floor(x / times)];
  }
  return { data: new Uint8ClampedArray(pixels.buffer), width: width * times, height: height * times };
}

/** A picture in less light. */
export function dim({ data, width, height }, light) {
  return { data: data.map((v, i) => (i % 4 === 3 ? v : v * light)), width, height };
}

/** A picture with something painted onto it: `colour(x, y)` is a pixel's, or nothing. */
export function painted({ data, width, height }, colour) {
  const out = new Uint8Array(data);
  for (let at = 0; at < width * height; at++) {
    const rgb = colour(at % width, Math.floor(at / width));
    if (rgb) out.set(rgb.map((value) => Math.max(0, Math.min(255, value))), at * 4);
  }
  return { data: out, width, height };
}

/** Pictures on one wall, each `[picture, x of its middle]`. */
export function wall(...placed) {
  const [width, height] = [640, 480];
  const data = new Uint8Array(width * height * 4).fill(96);
  for (const [picture, middle] of placed) {
    const [left, top] = [Math.round(middle - picture.width / 2), (height - picture.height) >> 1];
    for (let y = 0; y < picture.height; y++) {
      const row = picture.data.subarray(y * picture.width * 4, (y + 1) * picture.width * 4);
      data.set(row, ((top + y) * width + left) * 4);
    }
  }
  for (let at = 3; at < data.length; at += 4) data[at] = 255;
  return { data, width, height };
}

/** A scene without a face: a dim wall with a soft light on it. */
export function emptyScene(width = 640, height = 480) {
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const light = Math.exp(-(((x - width * 0.7) / 260) ** 2 + ((y - height * 0.3) / 220) ** 2));
      const grain = ((x * 7919 + y * 104729) % 13) - 6;
      const at = (y * width + x) * 4;
      data[at] = 92 + 110 * light + grain;
      data[at + 1] = 96 + 100 * light + grain;
      data[at + 2] = 100 + 80 * light + grain;
      data[at + 3] = 255;
    }
  }
  return { data, width, height };
}

/** Fits a picture into a frame of another size, averaging so that nothing flickers, with gray around it. */
export function fit(source, width = 640, height = 480) {
  const scale = Math.min(width / source.width, height / source.height);
  const [w, h] = [Math.round(source.width * scale), Math.round(source.height * scale)];
  const [left, top] = [(width - w) >> 1, (height - h) >> 1];
  const data = new Uint8Array(width * height * 4).fill(96);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const [x0, x1] = span(x, scale, source.width);
      const [y0, y1] = span(y, scale, source.height);
      const sum = [0, 0, 0];
      for (let v = y0; v < y1; v++) {
        for (let u = x0; u < x1; u++) {
          for (let c = 0; c < 3; c++) sum[c] += source.data[(v * source.width + u) * 4 + c];
        }
      }
      const at = ((top + y) * width + left + x) * 4;
      for (let c = 0; c < 3; c++) data[at + c] = sum[c] / ((x1 - x0) * (y1 - y0));
    }
  }
  for (let at = 3; at < data.length; at += 4) data[at] = 255;
  return { data, width, height };
}

function span(at, scale, limit) {
  const from = Math.min(limit - 1, Math.floor(at / scale));
  return [from, Math.min(limit, Math.max(from + 1, Math.floor((at + 1) / scale)))];
}

/** Writes a PNG and returns its path. */
export function writePng(name, { data, width, height }) {
  const png = new PNG({ width, height });
  png.data = Buffer.from(data);
  return write(name, PNG.sync.write(png));
}

/** Writes a short uncompressed clip of one picture, and returns its path. */
export const writeClip = (name, picture, options) => writeFilm(name, [[picture, 3]], options);

/**
 * Writes an uncompressed clip (YUV4MPEG2, 4:2:0), which Chromium plays as a camera, over and over, and returns its path.
 * `scenes` are pictures of one size, each with its number of frames; `rate` is frames a second.
 */
export function writeFilm(name, scenes, { rate = 15 } = {}) {
  const [{ width, height }] = scenes[0];
  const header = Buffer.from(`YUV4MPEG2 W${width} H${height} F${rate}:1 Ip A1:1 C420jpeg\n`);
  const frames = scenes.flatMap(([picture, count]) => Array(count).fill(Buffer.concat([Buffer.from('FRAME\n'), toYuv(picture)])));
  return write(name, Buffer.concat([header, ...frames]));
}

/** RGB to planar YUV, BT.601, limited range. */
function toYuv({ data, width, height }) {
  const [cw, ch] = [width >> 1, height >> 1];
  const out = Buffer.alloc(width * height + 2 * cw * ch);
  for (let i = 0; i < width * height; i++) {
    out[i] = 16 + 0.257 * data[i * 4] + 0.504 * data[i * 4 + 1] + 0.098 * data[i * 4 + 2];
  }
  for (let y = 0; y < ch; y++) {
    for (let x = 0; x < cw; x++) {
      const sum = [0, 0, 0];
      for (const at of [0, 1, width, width + 1]) {
        for (let c = 0; c < 3; c++) sum[c] += data[(y * 2 * width + x * 2 + at) * 4 + c] / 4;
      }
      const [r, g, b] = sum;
      out[width * height + y * cw + x] = 128 - 0.148 * r - 0.291 * g + 0.439 * b;
      out[width * height + cw * ch + y * cw + x] = 128 + 0.439 * r - 0.368 * g - 0.071 * b;
    }
  }
  return out;
}

function write(name, bytes) {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}
