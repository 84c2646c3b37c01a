// Where the same figures are to be had as a file for a spreadsheet.

import { language } from "@/words";

/** The address of a table as CSV, its headings in the language shown. */
export function csvOf(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const asked = new URLSearchParams();
  for (const [key, value] of Object.entries({ ...query, format: "csv", lang: language() })) {
    if (value !== undefined) asked.set(key, String(value));
  }
  return `/api/v1/${path}?${asked}`;
}
