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

/** Spoken Arabic, whose readers read the written one (ISO 639-3, macrolanguage `ara`). */
const ARABIC: ReadonlySet<string> = new Set(['abv', 'acm', 'acq', 'acw', 'acx', 'acy', 'aeb', 'aec', 'afb', 'ajp', 'apc', 'apd', 'arq', 'ars', 'ary', 'arz', 'auz', 'avl', 'ayh', 'ayl', 'ayn', 'ayp', 'pga', 'shu', 'ssh']);

/** Scripts that are part of another (ISO 15924). */
const PARTS: Readonly<Record<string, string>> = { Hang: 'Kore', Hira: 'Jpan', Kana: 'Jpan', Hrkt: 'Jpan' };

/** A screen in English is better than none, until the file comes. */
const PATIENCE_MS = 3_000;

/** The languages that an element is to speak, the wished first: its own, its closest ancestor's (through shadow roots), or the browser's. */
export function languagesOf(element: Element): readonly string[] {
  for (let at: Element | null = element; at; ) {
    const holder: Element | null = at.closest('[lang]');
    if (holder) {
      const tag = holder.getAttribute('lang');
      return tag ? [tag] : browsers();
    }
    const root: Node = at.getRootNode();
    at = root instanceof ShadowRoot ? root.host : null;
  }
  return browsers();
}

/** Calls `heard` when one of these languages may have changed, until what it returns is called. */
export function heedLanguage(element: Element, heard: () => void): () => void {
  const observer = new MutationObserver(heard);
  for (let root: Node | null = element.getRootNode(); root; root = root instanceof ShadowRoot ? root.host.getRootNode() : null) {
    observer.observe(root, { subtree: true, attributes: true, attributeFilter: ['lang'] });
  }
  addEventListener('languagechange', heard);
  return () => {
    observer.disconnect();
    removeEventListener('languagechange', heard);
  };
}

/**
 * Shows the texts in the first of these languages that has some, by their tags (`pt-BR`), with the tag of what they are in; else English, and
 * English too while a file is long on its way. One that does not come stays away until the page is loaded again: browsers remember it.
 */
export async function loadStrings(tags: readonly string[], show: (texts: Texts) => void): Promise<void> {
  const english = () => show({ strings: en, language: 'en' });
  const language = tags.map(textsFor).find((language) => language !== undefined) ?? 'en';
  const load = LANGUAGES[language];
  if (!load) return english();
  const late = setTimeout(english, PATIENCE_MS);
  try {
    show({ strings: (await load()).default, language });
  } catch {
    english();
  } finally {
    clearTimeout(late);
  }
}

/** Texts, and the language that they are in. */
export interface Texts {
  readonly strings: Strings;
  readonly language: string;
}

/**
 * The language whose texts a reader of `tag` (BCP 47) can read; `undefined` if there are none. A language in another script is
 * another one to a reader: `zh-TW` is `zh-Hant-TW`, and what is here is `zh-Hans`.
 */
function textsFor(tag: string): string | undefined {
  try {
    const { language: own, script } = new Intl.Locale(plain(tag)).maximize();
    const language = ARABIC.has(own) ? 'ar' : own;
    if (language !== 'en' && !Object.hasOwn(LANGUAGES, language)) return undefined;
    const ours = new Intl.Locale(language).maximize().script;
    return script === ours || PARTS[script ?? ''] === ours ? language : undefined;
  } catch {
    // No language tag.
    return undefined;
  }
}

/**
 * A tag as `Intl` reads it: systems other than the web write underscores, an encoding and a variant (`de_DE.UTF-8@euro`), and `Intl` knows
 * no language within another (`zh-cmn`).
 */
function plain(tag: string): string {
  return tag.trim().replace(/[.@].*$/, '').replaceAll('_', '-').replace(/^[a-z]{2,3}-([a-z]{3})(?=-|$)/i, '$1');
}

function browsers(): readonly string[] {
  return navigator.languages?.length ? navigator.languages : [navigator.language ?? 'en'];
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
