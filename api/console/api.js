// Talking to the API: JSON in and out, problem+json as errors, and what the server's clock says.

import { problem, t } from "./texts.js";

const PATIENCE_MS = 15000;
let onSessionOver = () => {};
let clockOffset = 0;

/** What went wrong, in words for the operator. `status` is 0 when nobody answered; programs go by `reason`. */
export class Problem extends Error {
  constructor(status, detail, type) {
    const known = t(`status.${status}`);
    super(known && detail ? `${known}: ${problem(detail)}` : known || problem(detail));
    this.status = status;
    this.detail = detail;
    this.reason = type?.split(":").pop();
  }
}

/** Say what happens when the session is over. */
export function whenSessionOver(listener) {
  onSessionOver = listener;
}

/** The server's time in ms: a desk whose own clock is wrong still shows true ages. */
export const now = () => Date.now() + clockOffset;

/** Ask the API and return its JSON. Raises `Problem`. */
export async function call(method, path, body, patience = PATIENCE_MS) {
  const answer = await ask(method, path, body, patience);
  if (answer.status === 401 && path !== "/api/v1/auth/login") onSessionOver();
  if (answer.status === 204) return null;
  let said = null;
  try {
    said = await answer.json();
  } catch {
    if (answer.ok) throw new Problem(0, t("link.broken_off"));
  }
  if (!answer.ok) throw new Problem(answer.status, said?.detail ?? answer.statusText, said?.type);
  return said;
}

export const get = (path) => call("GET", `/api/v1/${path}`);
export const post = (path, body) => call("POST", `/api/v1/${path}`, body);

/** Every item of a list, page after page; `by` is the query parameter that takes the cursor. */
export async function all(path, by) {
  const items = [];
  for (let cursor = null; ; ) {
    const next = cursor === null ? "" : `&${by}=${encodeURIComponent(cursor)}`;
    const page = await get(`${path}${next}`);
    items.push(...page.items);
    cursor = page.next;
    if (cursor === null) return items;
  }
}

/** Whether a press now would ring: {reached, detail}. `detail` is empty when all is well. */
export async function readiness() {
  try {
    const answer = await ask("GET", "/readyz", undefined, 8000);
    if (answer.ok) return { reached: true, failing: [] };
    const said = await answer.json();
    return { reached: true, failing: said.failing ?? [said.detail] };
  } catch {
    return { reached: false, failing: [] };
  }
}

async function ask(method, path, body, patience) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      signal: AbortSignal.timeout(patience),
    });
  } catch {
    throw new Problem(0, "");
  }
  const told = Date.parse(answer.headers.get("Date") ?? "");
  // The header counts whole seconds; a difference of less than two is no difference.
  if (!Number.isNaN(told)) clockOffset = Math.abs(told - Date.now()) > 2000 ? told - Date.now() : 0;
  return answer;
}
