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

/** The texts in the first of these languages that has some, by their tags (`pt-BR`), and the tag of what they are in. Else English. */
export async function loadStrings(tags: readonly string[]): Promise<{ strings: Strings; language: string }> {
  const english = { strings: en, language: 'en' };
  const language = tags.map(textsFor).find((language) => language !== undefined) ?? 'en';
  const load = LANGUAGES[language];
  if (!load) return english;
  const late = new Promise<typeof english>((resolve) => setTimeout(resolve, PATIENCE_MS, english));
  return Promise.race([load().then((file) => ({ strings: file.default, language }), () => english), late]);
}

/**
 * The language whose texts a reader of `tag` (BCP 47) can read; `undefined` if there are none. A language in another script is
 * another one to a reader: `zh-TW` is `zh-Hant-TW`, and what is here is `zh-Hans`.
 */
function textsFor(tag: string): string | undefined {
  try {
    const { language, script } = new Intl.Locale(plain(tag)).maximize();
    if (language !== 'en' && !Object.hasOwn(LANGUAGES, language)) return undefined;
    return script === new Intl.Locale(language).maximize().script ? language : undefined;
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
