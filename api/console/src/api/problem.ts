// What went wrong, in words for people.

import { known, t } from "@/words";
import { refusedInWords } from "@/words/refused";

/** What problem+json says beyond its sentence; a 409 tells who was faster, a refused roster its gaps. */
export interface Told {
  type?: string;
  detail?: string;
  [more: string]: unknown;
}

/** `status` is 0 when nobody answered; programs go by `reason`, people read `message`. */
export class Problem extends Error {
  readonly status: number;
  readonly reason: string | undefined;
  readonly told: Told;

  constructor(status: number, told: unknown, otherwise = "") {
    const body = (typeof told === "object" && told !== null ? told : {}) as Told;
    const detail = refusedInWords(typeof body.detail === "string" ? body.detail : otherwise);
    const key = `status.${status}`;
    const title = known(key) ? t(key) : "";
    super(title && detail ? `${title}: ${detail}` : title || detail);
    this.status = status;
    this.told = body;
    this.reason = body.type?.split(":").pop();
  }
}

/** What anything thrown says to people. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
