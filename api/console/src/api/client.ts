// Talking to the API: JSON in and out, typed by its own OpenAPI document; problem+json as `Problem`.

import createClient from "openapi-fetch";
import { heard } from "./clock";
import { Problem } from "./problem";
import type { paths } from "./schema";
import { spokenFor } from "./speaker";

const PATIENCE_MS = 15_000;
let onSessionOver: () => void = () => {};

/** Say what happens when the session is over. */
export function whenSessionOver(listener: () => void): void {
  onSessionOver = listener;
}

/** One method for each verb, typed by path; `got` takes what is in its answer, or throws the `Problem`. */
export const api = createClient<paths>({ baseUrl: globalThis.location?.origin ?? "", fetch: patiently });

interface Answered<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What a call answered. Throws `Problem` in words for people. */
export async function got<T>(asked: Promise<Answered<T>>): Promise<T> {
  const { data, error, response } = await broken(asked);
  if (response.ok) return data as T;
  const problem = new Problem(response.status, error, response.statusText);
  if (response.status === 401 && !response.url.endsWith("/auth/login")) over(problem);
  throw problem;
}

/** Ask for anything below the origin, with the same patience and the same problems: bytes, files, `readyz`. */
export async function fetched(path: string, init: RequestInit = {}, patience = PATIENCE_MS): Promise<Response> {
  const answer = await patiently(new Request(new URL(path, location.origin), init), patience);
  if (answer.ok) return answer;
  const problem = new Problem(answer.status, await answer.json().catch(() => null), answer.statusText);
  if (answer.status === 401) over(problem);
  throw problem;
}

/** Somebody else has logged in, in another tab: this page becomes theirs. */
function over(problem: Problem): void {
  if (problem.reason === "other_user") location.reload();
  else onSessionOver();
}

interface Page<T> {
  items: T[];
  next?: unknown;
}

/** Every item of a list, page after page; `turn` asks for the page after a cursor. */
export async function all<T>(turn: (cursor: never) => Promise<Answered<Page<T>>>): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: unknown = undefined; ; ) {
    const page = await got(turn(cursor as never));
    items.push(...page.items);
    if (page.next === null || page.next === undefined) return items;
    cursor = page.next;
  }
}

async function patiently(request: Request, patience = PATIENCE_MS): Promise<Response> {
  let answer: Response;
  const asked = new Request(request, { cache: "no-store", signal: AbortSignal.timeout(patience) });
  // Who is in is asked by whoever does not know it.
  if (!asked.url.endsWith("/api/v1/me")) for (const [name, value] of Object.entries(spokenFor())) asked.headers.set(name, value);
  try {
    answer = await fetch(asked);
  } catch {
    throw new Problem(0, null);
  }
  heard(answer.headers.get("Date"));
  return answer;
}

/** An answer that breaks off halfway is no answer. */
async function broken<T>(asked: Promise<Answered<T>>): Promise<Answered<T>> {
  try {
    return await asked;
  } catch (problem) {
    throw problem instanceof Problem ? problem : new Problem(0, { detail: "the answer broke off" });
  }
}
