// Sending one entry of the queue. Used by the page and by the service worker: no words, no page.

import { spokenFor } from "@/api/speaker";
import type { Entry } from "./entry";
import type { Outcome } from "./queue";

const PATIENCE_MS = 30_000;
/** Of a picture over a thin line. */
const PATIENCE_BYTES_MS = 120_000;
/** Try again without counting: too many requests, a proxy before a gateway that starts. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504]);

/** The request an entry stands for. */
export function requestOf(entry: Entry): { path: string; body: BodyInit; contentType: string } {
  const json = (path: string, body: object) => ({ path, body: JSON.stringify(body), contentType: "application/json" });
  const { body, clientId: client_id, clientAt: client_at } = entry;
  switch (entry.kind) {
    case "step":
      return json(`incidents/${entry.incident}/${entry.act}`, {
        ...body, client_at, ...(entry.version === null ? {} : { version: entry.version }),
      });
    case "note":
      return json(`incidents/${entry.incident}/notes`, { ...body, client_id, client_at });
    case "attachment":
      return { path: `incidents/${entry.incident}/attachments`, body: entry.bytes ?? new ArrayBuffer(0), contentType: entry.contentType ?? "" };
    case "report":
      return json("incidents", { ...body, client_id, client_at });
    case "away":
      return json(`persons/${entry.person}/away`, { ...body, client_at });
    case "footprint":
      return json("footprints", { items: [{ ...body, client_id, at: client_at }] });
  }
}

/** Send it and say what became of it. Never rejects. */
export async function send(entry: Entry): Promise<Outcome> {
  const { path, body, contentType } = requestOf(entry);
  try {
    const answer = await fetch(`/api/v1/${path}`, {
      // Whose it is: another user's session, begun meanwhile, does not take it (401).
      method: "POST", body, headers: { "Content-Type": contentType, ...spokenFor(entry.user) }, cache: "no-store", redirect: "error",
      signal: AbortSignal.timeout(entry.bytes === null ? PATIENCE_MS : PATIENCE_BYTES_MS),
    });
    return outcomeOf(entry, answer.status, await said(answer));
  } catch {
    return { what: "later" };
  }
}

/** What an answer means. `told` is undefined when it was not the API that spoke: a hotel's log-in page, a proxy. */
export function outcomeOf(entry: Entry, status: number, told: unknown): Outcome {
  // A proxy's own limit: it never gets through, and everything behind it would wait for ever.
  if (status === 413) return { what: "refused", refused: { status, told: told ?? null } };
  if (LATER.has(status) || told === undefined) return { what: "later" };
  if (status === 401) return { what: "login" };
  if (status >= 500) return { what: "failed", refused: { status, told } };
  if (status >= 400) return { what: "refused", refused: { status, told } };
  const body = told as { id?: number; items?: { refused?: string }[] };
  if (entry.kind === "footprint") {
    const refused = body.items?.[0]?.refused;
    return refused === undefined ? { what: "taken" } : { what: "refused", refused: { status: 422, told: { detail: refused } } };
  }
  return {
    what: "taken",
    ...(entry.kind === "report" && body.id !== undefined ? { incident: body.id } : {}),
    ...(entry.kind === "step" || entry.kind === "report" ? { answer: told } : {}),
  };
}

async function said(answer: Response): Promise<unknown> {
  if (answer.status === 204) return {};
  return /\bjson\b/.test(answer.headers.get("Content-Type") ?? "") ? await answer.json() : undefined;
}

/** Whose session this browser holds now: what waits is sent by whoever did it only. Null: nobody's, or nobody says. */
export async function whoIsIn(): Promise<{ username: string } | "nobody" | null> {
  try {
    const answer = await fetch("/api/v1/me", { cache: "no-store", redirect: "error", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.status === 401) return "nobody";
    return answer.ok ? ((await said(answer)) as { username: string } | undefined) ?? null : null;
  } catch {
    return null;
  }
}
