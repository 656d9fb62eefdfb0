//! Measured values -> medians with their spread, and the table that the README shows.

import { readFileSync, writeFileSync } from 'node:fs';

/** `{ count, min, p25, median, p75 }`. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part) => {
    const place = (sorted.length - 1) * part;
    const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return round(low + (high - low) * (place - Math.floor(place)));
  };
  return { count: sorted.length, min: at(0), p25: at(0.25), median: at(0.5), p75: at(0.75) };
}

export const round = (value, digits = 2) => Math.round(value * 10 ** digits) / 10 ** digits;

/** The table of one benchmark, as Markdown. */
export function table({ machine, cpu, webgpu, path, first_score_ms: first, download_brotli_bytes: download, memory, check, agreement }) {
  const ms = (value) => `${value < 20 ? value.toFixed(1) : Math.round(value)} ms`;
  const mb = (bytes) => `${(bytes / 1e6).toFixed(2).replace('-0.00', '0.00')} MB`;
  const times = (ratio) => `${ratio.toFixed(2)}x`;
  const between = ({ min, p25, p75, count }) => `${ms(min)} at best, ${ms(p25)} to ${ms(p75)}, ${count} runs`;
  const rows = [
    ['classifier, CPU, one thread', ms(cpu.ours_ms), ms(cpu.ort_1t_ms), times(cpu.ratio), `ours ${between(cpu.spread.ours_ms)}; theirs ${between(cpu.spread.ort_1t_ms)}`],
    [`the same, theirs with ${cpu.threads} threads`, ms(cpu.ours_ms), ms(cpu.ort_threads_ms), times(cpu.ours_ms / cpu.ort_threads_ms), ''],
    ['face detector, CPU (ours with scaling and anchors)', ms(path.cpu.detect_ms), ms(cpu.ort_1t_detector_ms), times(path.cpu.detect_ms / cpu.ort_1t_detector_ms), ''],
    ['both experts, one view, CPU, one thread', ms(path.cpu.view_ms), '', '', 'a quarter of what four views take'],
    ['a frame of a check, CPU', ms(path.cpu.check_ms), '', '', `pixels ${ms(path.cpu.read_ms)}, faces ${ms(path.cpu.detect_ms)}, crop ${ms(path.cpu.crop_ms)}, classifier ${ms(path.cpu.classifier_ms)}, experts ${ms(path.cpu.view_ms)}`],
    ['`score` of a picture, CPU', ms(path.cpu.total_ms), '', '', 'the experts see four views'],
    [`networks, WebGPU on ${webgpu.adapter}: ours with the experts on four views`, ms(webgpu.ours_ms), ms(webgpu.ort_ms), times(webgpu.ratio), `ours ${between(webgpu.spread.ours_ms)}; theirs ${between(webgpu.spread.ort_ms)}`],
    ['`score` of a picture, WebGPU', ms(path.webgpu.total_ms), '', '', `pixels ${ms(path.webgpu.read_ms)}, faces ${ms(path.webgpu.detect_ms)}, crop ${ms(path.webgpu.crop_ms)}, networks ${ms(path.webgpu.score_ms)}`],
    ['navigation to first score, CPU', ms(first.cpu.ours), ms(first.cpu.ort), times(first.cpu.ratio), `loaded after ${ms(first.cpu.ours_loaded)} and ${ms(first.cpu.ort_loaded)}`],
    ['navigation to first score, WebGPU', ms(first.webgpu.ours), ms(first.webgpu.ort), times(first.webgpu.ratio), `loaded after ${ms(first.webgpu.ours_loaded)} and ${ms(first.webgpu.ort_loaded)}`],
    ['download, brotli 11, CPU', mb(download.cpu_total), mb(download.ort_wasm), times(download.cpu_total / download.ort_wasm), `both with their networks, ours with the experts; theirs without any: ${mb(download.ort_wasm_runtime)}`],
    ['download, brotli 11, WebGPU', mb(download.webgpu_total), mb(download.ort_webgpu), times(download.webgpu_total / download.ort_webgpu), `theirs without networks: ${mb(download.ort_webgpu_runtime)}`],
    ...Object.entries(memory).map(([backend, { frames, grown, held }]) => [
      `memory after ${frames.toLocaleString('en')} frames, ${backend === 'cpu' ? 'CPU' : 'WebGPU'}`,
      `WebAssembly ${mb(held.wasmBytes)}, JavaScript ${mb(held.heapBytes)}`,
      '',
      '',
      `since frame ${grown.since}: WebAssembly ${mb(grown.wasmBytes)}, JavaScript ${mb(grown.heapBytes)}`,
    ]),
    [
      "longest task on the page's thread, a whole check",
      ms(Math.max(...Object.values(check.longest_task).map((part) => part.ms))),
      '',
      '',
      `${Object.entries(check.longest_task).map(([part, longest]) => `${part} ${ms(longest.ms)}`).join(', ')}; ${check.frames_per_second.toFixed(1)} frames a second of the camera's 15`,
    ],
  ];
  return [
    `| | Bonafide | ONNX Runtime Web ${machine.ort} | ours / theirs | |`,
    '|---|---:|---:|---:|---|',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
    `\`make bench\` on ${machine.cpu}, ${machine.cores} cores, ${machine.browser}; load of the machine at the start: ${machine.load}. Medians. Same networks,`,
    `same pixels, both in a worker; scores agree within ${agreement.toExponential(0)}. ONNX Runtime Web runs detector and classifier alone: its first score leaves out the way from frame to crop, and the experts.`,
  ].join('\n');
}

/** Puts the table between the README's two marks. */
export function writeTable(file, text) {
  const readme = readFileSync(file, 'utf8');
  const marks = /(<!-- make bench writes from here -->\n)[\s\S]*?(<!-- to here -->)/;
  if (!marks.test(readme)) throw new Error(`${file} has lost the marks between which make bench writes`);
  writeFileSync(file, readme.replace(marks, (_, begin, end) => `${begin}${text}\n${end}`));
}
