// Run folders of scripts/study.sh -> one table: of each row the mean over seeds, and the lowest and the highest.
//   node scripts/study.js RUNS SEED...
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const [folder, ...seeds] = process.argv.slice(2);
const read = (run, file) => JSON.parse(readFileSync(join(folder, run, file), 'utf8'));
const names = readdirSync(folder).filter((file) => file.endsWith('.toml')).map((file) => file.slice(0, -5));

const figures = {
  'AUC, simulated': (run) => read(run, 'evaluation.json').auc,
  ...Object.fromEntries(
    ['a veil of 5 % light', 'contrast x 0.6', 'contrast x 1.5', 'an RGB grid of 3 pixels, 40 %', 'detail of a face of 60 pixels'].map(
      (what) => [what, (run) => read(run, 'steadiness.json').changes.find((change) => change.what === what).size],
    ),
  ),
  'box jumps': (run) => read(run, 'steadiness.json').box_jitter_deviation[2],
};

const cell = (values) => {
  const digits = Math.max(...values) < 1 ? 3 : 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return `${mean.toFixed(digits)} [${Math.min(...values).toFixed(digits)}, ${Math.max(...values).toFixed(digits)}]`;
};

const { bona_fide, attacks, subjects } = read(`${names[0]}-${seeds[0]}`, 'evaluation.json');
console.log(`Mean over ${seeds.length} seeds of training, lowest and highest, on ${bona_fide} bona fide presentations and ${attacks} attacks of ${subjects}`);
console.log('people whom no row saw: too few to trust a difference of AUC below some hundredths, and simulated throughout. All columns but the first');
console.log('are medians of the change of the logit.\n');
console.log(`| what is trained | ${Object.keys(figures).join(' | ')} |\n|---|${'---:|'.repeat(Object.keys(figures).length)}`);
for (const name of names) {
  const cells = Object.values(figures).map((figure) => cell(seeds.map((seed) => figure(`${name}-${seed}`))));
  console.log(`| ${name.replaceAll('-', ' ')} | ${cells.join(' | ')} |`);
}
