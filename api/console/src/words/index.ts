// Every word of the console, Chinese and English side by side in one dictionary for each room; and which of the two is shown.

import { createI18n } from "vue-i18n";
import { remembered, remember } from "@/api/memory";
import account from "./account";
import accounts from "./accounts";
import audit from "./audit";
import bulletins from "./bulletins";
import calibrate from "./calibrate";
import cameras from "./cameras";
import codes from "./codes";
import county from "./county";
import devices from "./devices";
import disputes from "./disputes";
import duty from "./duty";
import evidence from "./evidence";
import footprints from "./footprints";
import handover from "./handover";
import letters from "./letters";
import map from "./map";
import patrol from "./patrol";
import phone from "./phone";
import problems from "./problems";
import quiet from "./quiet";
import residents from "./residents";
import retention from "./retention";
import rooms from "./rooms";
import rules from "./rules";
import shell from "./shell";
import stats from "./stats";
import tour from "./tour";
import triage from "./triage";
import wall from "./wall";

export type Language = "zh" | "en";
/** A text in both languages, as the API says it. */
export interface Said {
  zh?: string | null;
  en?: string | null;
}

const WORDS = {
  ...shell, ...codes, ...county, ...problems, ...triage, ...tour, ...account, ...accounts, ...audit, ...bulletins, ...calibrate, ...cameras, ...devices,
  ...disputes, ...duty, ...evidence, ...footprints, ...handover, ...letters, ...map, ...patrol, ...phone, ...quiet, ...residents, ...retention, ...rooms, ...rules,
  ...stats, ...wall,
};
export type Word = keyof typeof WORDS;
export type Pairs = Readonly<Record<string, readonly [zh: string, en: string]>>;
type Values = Record<string, unknown>;

const inLanguage = (pairs: Pairs, which: 0 | 1): Record<string, string> =>
  Object.fromEntries(Object.entries(pairs).map(([key, pair]) => [key, literal(pair[which])]));

// vue-i18n reads `@` and `|` as orders; our sentences mean them as they stand.
const literal = (text: string): string => text.replace(/[@|]/g, (sign) => `{'${sign}'}`);

export const i18n = createI18n({
  legacy: false,
  locale: remembered("language") === "en" ? "en" : "zh",
  // Our keys are flat and hold sentences of the API: a dot or an apostrophe in them means nothing.
  messageResolver: (told, key) => (told as Record<string, string>)[key] ?? null,
  missingWarn: false,
  fallbackWarn: false,
  messages: { zh: inLanguage(WORDS, 0), en: inLanguage(WORDS, 1) },
});
const { global } = i18n;

/** The language shown. Reactive: what is read in a template is written anew when it changes. */
export const language = (): Language => global.locale.value as Language;

/** Show this language from now on, also after a reload. */
export function setLanguage(wanted: Language): void {
  global.locale.value = wanted;
  remember("language", wanted);
  document.documentElement.lang = wanted === "zh" ? "zh-CN" : "en";
}

/** A text by its key, with `{names}` filled in. */
export const t = (key: Word, values: Values = {}): string => global.t(key, values);

/** Whether there is a text for a key that was put together at run time. */
export const known = (key: string): key is Word => key in WORDS;

/** The name of a coded value (`kind`, `door.forced`); the code itself when we have no word for it. */
export function named(group: string, code: string | null | undefined, values: Values = {}): string {
  const key = `${group}.${code}`;
  return known(key) ? t(key, values) : String(code ?? "");
}

/** What the API says in both languages, in the one that is shown. */
export const said = (text: Said | null | undefined): string => text?.[language()] ?? text?.zh ?? text?.en ?? "";
