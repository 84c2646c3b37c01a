// One thing somebody did on the phone that the station has yet to hear of.

export type Kind = "step" | "note" | "attachment" | "report" | "away" | "footprint";

/** What the API refused, as it said it. */
export interface Refused {
  status: number;
  told: unknown;
}

export interface Entry {
  /** Its place in the queue; given when it is put in. */
  n?: number;
  /** Whose it is: nobody else sees it or sends it. */
  user: string;
  /** The phone's own id of it; the API takes it once however often it is sent. */
  clientId: string;
  /** When it was done, by the phone's own clock (RFC 3339). */
  clientAt: string;
  kind: Kind;
  /** The incident it is about, once that has a number. */
  incident: number | null;
  /** The `clientId` of the report in this queue that it belongs to, until that has a number. */
  report: string | null;
  /** Of a step: which. */
  act: string | null;
  /** Of a step: the version of the incident that was seen. */
  version: number | null;
  /** Of an absence: whose. */
  person: string | null;
  body: Record<string, unknown>;
  bytes: ArrayBuffer | null;
  contentType: string | null;
  /** Where, in words for the list of what waits. Never a name. */
  where: string;
  /** How often the server failed over it. */
  failures: number;
  refused: Refused | null;
}

/** What is said of a new entry; the rest is as it comes. */
export type Done = Pick<Entry, "user" | "kind"> & Partial<Omit<Entry, "n" | "refused" | "failures">>;

/** An entry as it is put into the queue now. */
export function entryOf(done: Done): Entry {
  return {
    clientId: crypto.randomUUID(), clientAt: new Date().toISOString(), incident: null, report: null, act: null,
    version: null, person: null, body: {}, bytes: null, contentType: null, where: "", ...done, failures: 0, refused: null,
  };
}
