//! An element's language -> its texts, from a file of its own, with an integrator's in their place.

import en from './languages/en.js';
import type { OwnStrings, Strings } from './strings.js';

// Written out, so that bundlers see each file and a page downloads only the one it shows.
const LANGUAGES: Readonly<Record<string, () => Promise<{ readonly default: Strings }>>> = {
  ar: () => import('./languages/ar.js'),
  de: () => import('./languages/de.js'),
  es: () => import('./languages/es.js'),
  fr: () => import('./languages/fr.js'),
  ja: () => import('./languages/ja.js'),
  ko: () => import('./languages/ko.js'),
  pt: () => import('./languages/pt.js'),
  zh: () => import('./languages/zh.js'),
};

/** A screen in English is better than none, if the file does not come. */
const PATIENCE_MS = 3_000;

/** The language that an element is in: its own, its closest ancestor's (through shadow roots), or the browser's. */
export function languageOf(element: Element): string {
  for (let at: Element | null = element; at; ) {
    const holder: Element | null = at.closest('[lang]');
    if (holder) return holder.getAttribute('lang') || navigator.language;
    const root: Node = at.getRootNode();
    at = root instanceof ShadowRoot ? root.host : null;
  }
  return navigator.language;
}

/** The texts in a language, by its tag (`pt-BR`), and the tag of what they are in. English where there are none. */
export async function loadStrings(tag: string): Promise<{ strings: Strings; language: string }> {
  const language = tag.toLowerCase().split('-')[0] ?? '';
  const english = { strings: en, language: 'en' };
  const load = Object.hasOwn(LANGUAGES, language) ? LANGUAGES[language] : undefined;
  if (!load) return english;
  const late = new Promise<typeof english>((resolve) => setTimeout(resolve, PATIENCE_MS, english));
  return Promise.race([load().then((file) => ({ strings: file.default, language }), () => english), late]);
}

/** Texts with an integrator's own in their place. What is no text, or unknown, is left out. */
export function merge(strings: Strings, own: OwnStrings): Strings {
  return replaced(strings, own) as Strings;
}

function replaced(theirs: unknown, own: unknown): unknown {
  if (typeof theirs === 'string') return typeof own === 'string' ? own : theirs;
  const given = (own ?? {}) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.entries(theirs as object).map(([key, value]) => [key, replaced(value, given[key])]));
}
