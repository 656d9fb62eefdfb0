//! The element's look. A constructed sheet, which a strict `style-src` lets through.

const CSS = `
:host {
  --_accent: var(--liveness-accent, #0f6b5c);
  --_accent-text: var(--liveness-accent-text, #ffffff);
  --_background: var(--liveness-background, #ffffff);
  --_text: var(--liveness-text, #16211e);
  --_bad: #a8321b;
  display: block;
  color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :host {
    --_accent: var(--liveness-accent, #4fc3ab);
    --_accent-text: var(--liveness-accent-text, #06231d);
    --_background: var(--liveness-background, #151c1a);
    --_text: var(--liveness-text, #e9efec);
    --_bad: #ff9c82;
  }
}
:host([hidden]), [hidden] { display: none !important; }
*, ::before, ::after { box-sizing: border-box; }
h2, p, ul { margin: 0; padding: 0; }

.frame {
  display: flex;
  flex-direction: column;
  gap: 16px;
  width: 100%;
  max-width: 420px;
  margin-inline: auto;
  padding: clamp(12px, 4vw, 24px);
  border: 1px solid color-mix(in srgb, var(--_text) 16%, var(--_background));
  border-radius: var(--liveness-radius, 18px);
  background: var(--_background);
  color: var(--_text);
  font: 16px/1.5 var(--liveness-font, ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif);
  text-align: center;
  overflow-wrap: anywhere;
}

/* The stage's shape is the guide's, whatever the camera's is; it leaves room for the words below. */
.stage {
  position: relative;
  flex: none;
  width: min(100%, max(180px, (100dvh - 260px) * 0.8));
  aspect-ratio: 4 / 5;
  margin-inline: auto;
  overflow: hidden;
  border-radius: calc(var(--liveness-radius, 18px) * 0.7);
  background: color-mix(in srgb, var(--_text) 7%, var(--_background));
}
.stage > * { position: absolute; inset: 0; width: 100%; height: 100%; }
/* Drawn beyond its edge, or half a pixel of the video would stay uncovered. */
.stage svg { display: block; width: 100%; height: 100%; overflow: visible; }
/* Turned about its middle; sideways, its sides are the stage's of 4 to 5, exchanged. */
.stage > video { left: 50%; top: 50%; object-fit: cover; transform: translate(-50%, -50%) scaleX(var(--_mirror, 1)) rotate(var(--_turn, 0deg)); }
video.mirrored { --_mirror: -1; }
video[data-turn='90'] { --_turn: 90deg; }
video[data-turn='180'] { --_turn: 180deg; }
video[data-turn='270'] { --_turn: 270deg; }
.stage > video:is([data-turn='90'], [data-turn='270']) { width: 125%; height: 80%; }
.scrim { fill: var(--_background); fill-opacity: 0.62; }
/* Whoever is in the way may stand where the stage cuts the picture off. */
.frame[data-whole] video { object-fit: contain; }
.frame[data-whole] .scrim { fill-opacity: 0; }
.track, .ring { fill: none; }
.track { stroke: var(--_background); stroke-width: 14; }
.ring { stroke: var(--_accent); stroke-width: 8; stroke-linecap: round; transition: stroke-dashoffset 0.25s linear; }
.frame:not([data-state='running']) :is(video, .scrim) { visibility: hidden; }
.travels { animation: travel 2.4s linear infinite; }
@keyframes travel { to { stroke-dashoffset: -1; } }
.frame[data-state='running'] .waiting { visibility: hidden; }
.waiting, .glyph { fill: none; stroke: currentColor; stroke-linecap: round; stroke-linejoin: round; }
.waiting { stroke-width: 7; opacity: 0.5; }

.words { display: flex; flex-direction: column; justify-content: center; gap: 14px; min-width: 0; }
/* Two lines are kept, so that nothing jumps when a hint comes. */
.status { display: grid; place-items: center; min-height: 2.6em; font-size: 1.25em; line-height: 1.3; font-weight: 620; text-wrap: balance; }
.message { display: flex; flex-direction: column; align-items: center; gap: 8px; }
.glyph { width: 72px; height: 72px; margin-block: 8px 4px; stroke-width: 1.6; color: var(--_accent); }
.frame[data-tone='bad'] .glyph { color: var(--_bad); }
h2 { font-size: 1.4em; line-height: 1.25; font-weight: 650; text-wrap: balance; }
.message p, slot[name='intro'] p { max-width: 42ch; text-wrap: pretty; }
slot[name='intro'] { display: flex; flex-direction: column; align-items: center; gap: 8px; }
.why { font-weight: 600; margin-block-start: 6px; }
ul { padding-inline-start: 1.2em; text-align: start; }

.picker { display: flex; align-items: center; justify-content: center; flex-wrap: wrap; gap: 4px 10px; }
button, select { font: inherit; min-height: 44px; border-radius: 12px; max-width: 100%; }
select { min-width: 0; flex: 1 1 160px; padding: 6px 10px; color: var(--_text); background: var(--_background); border: 1px solid color-mix(in srgb, var(--_text) 55%, var(--_background)); text-overflow: ellipsis; }
button { padding: 9px 22px; font-weight: 600; cursor: pointer; color: var(--_text); background: transparent; border: 1px solid color-mix(in srgb, var(--_text) 55%, var(--_background)); }
button.primary { margin-block-start: 6px; min-width: min(100%, 180px); align-self: center; color: var(--_accent-text); background: var(--_accent); border-color: var(--_accent); }
button.cancel { align-self: center; }
button:hover { text-decoration: underline; text-underline-offset: 3px; }
:focus-visible { outline: 3px solid var(--_accent); outline-offset: 3px; }
h2:focus { outline: none; }
slot[name='footer'] { display: block; font-size: 0.88em; }
.quiet { position: absolute; width: 1px; height: 1px; min-height: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

@media (orientation: landscape) and (max-height: 600px) {
  .frame[data-busy] { display: grid; grid-template-columns: auto minmax(0, 1fr); align-items: center; gap: 12px 24px; max-width: 720px; padding: 14px; }
  .frame[data-busy] .stage { width: auto; height: max(180px, 100dvh - 64px); max-height: 440px; }
  .frame[data-busy] slot[name='footer'] { grid-column: 1 / -1; }
  .glyph { width: 40px; height: 40px; margin-block: 0; }
}
@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after { animation: none !important; transition: none !important; }
}
@media (forced-colors: active) {
  .ring { stroke: Highlight; }
  .scrim { fill: Canvas; }
}
`;

/** A sheet serves the elements of the document that it was made for. */
const SHEETS = new WeakMap<Document, CSSStyleSheet>();

/**
 * Gives a shadow root the look, anew where it came to another document; a sheet is made once for all elements of one. Where no
 * sheet can be constructed (jsdom, browsers that do not run the engine either), a `<style>` of its own does. A document without a
 * window shows nothing.
 */
export function dress(root: ShadowRoot): void {
  const { ownerDocument: document } = root;
  if (!document.defaultView) return;
  root.querySelector('style')?.remove();
  const Sheet = document.defaultView.CSSStyleSheet;
  if (typeof Sheet === 'function' && 'replaceSync' in Sheet.prototype) {
    let sheet = SHEETS.get(document);
    if (!sheet) {
      SHEETS.set(document, (sheet = new Sheet()));
      sheet.replaceSync(CSS);
    }
    root.adoptedStyleSheets = [sheet];
    return;
  }
  const element = document.createElement('style');
  element.textContent = CSS;
  root.append(element);
}
