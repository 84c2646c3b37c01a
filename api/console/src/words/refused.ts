// A refusal's sentence in the language shown: the API writes it in English, `refusals.ts` says the same in Chinese.

import { language, named } from "./index";
import { REFUSALS } from "./refusals";
import { moment } from "./time";

interface Pattern { english: RegExp; chinese: string }
/** Groups of codes whose names people know: what stands in a sentence as `operator` or `signed`. */
const CODES = ["role", "incident", "disposition", "category"] as const;
const MOMENT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?([+-]\d\d:?\d\d|Z)$/;
let patterns: Pattern[] | null = null;

/** The most particular first: `{}` also fits what a longer sentence says in words. */
function all(): Pattern[] {
  patterns ??= REFUSALS.map(([chinese, english]) => ({ chinese, english, said: english.replaceAll("{}", "").length }))
    .sort((a, b) => b.said - a.said)
    .map(({ chinese, english }) => ({
      chinese, english: new RegExp(`^${english.split("{}").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("(.+?)")}$`, "s"),
    }));
  return patterns;
}

function inChinese(sentence: string): string | null {
  for (const { english, chinese } of all()) {
    const found = english.exec(sentence);
    if (found) return chinese.replace(/\{(\d)\}/g, (_, n: string) => valueSaid(found[Number(n) + 1] ?? ""));
  }
  return null;
}

function valueSaid(value: string): string {
  const plain = /^(['"]).*\1$/s.test(value) ? value.slice(1, -1) : value;
  if (MOMENT.test(plain)) return moment(plain);
  for (const group of CODES) {
    const name = named(group, plain);
    if (name !== plain) return name;
  }
  return plain;
}

/** A refusal's sentence as people read it. What has no Chinese yet stays as it is: better English than nothing. */
export function refusedInWords(sentence: string): string {
  if (language() !== "zh" || sentence === "") return sentence;
  return inChinese(sentence) ?? sentence.split("; ").map((part) => inChinese(part) ?? part).join("；");
}
