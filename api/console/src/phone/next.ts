// Which step is next on an incident, also while earlier ones still wait to be sent.

import { isOver, isUnanswered } from "@/api/states";

/** The acts of the phone, in the order of the loop. */
export type Act = "sign" | "depart" | "arrive" | "handle" | "close" | "assist" | "decline" | "withdraw";

const UNDER_WAY: ReadonlySet<string> = new Set(["signed", "departed", "on_scene"]);
const LEADS_TO: Readonly<Record<string, string>> = { sign: "signed", depart: "departed", arrive: "on_scene", handle: "handled", close: "closed" };
const NEXT_OF: Readonly<Record<string, Act>> = { signed: "depart", departed: "arrive", on_scene: "handle", handled: "close" };

export interface Known {
  state: string;
  assignees: readonly string[];
  proposed: { by: string } | null;
  ladder: readonly { recipients: readonly { user: string }[] }[];
  /** What the API said I may do now; absent when only the list is known. */
  may?: readonly string[];
}

export interface Next {
  /** Where it stands when everything that waits has been taken. */
  state: string;
  /** The one big button. */
  main: Act | null;
  small: Act[];
}

/** Whether it is mine: sent, on it, or called while nobody has signed. */
export const isMine = (incident: Known, me: string): boolean =>
  incident.assignees.includes(me) || (isUnanswered(incident.state) && isCalled(incident, me));

const isCalled = (incident: Known, me: string): boolean =>
  incident.ladder.some((rung) => rung.recipients.some((recipient) => recipient.user === me));

/** What is next for `me`: `waiting` are the steps not sent yet, `role` says what the role allows at all. */
export function nextOf(incident: Known, me: string, waiting: readonly string[], role: (act: Act) => boolean): Next {
  const state = waiting.reduce((at, act) => LEADS_TO[act] ?? at, incident.state);
  // What the API said holds for the state it said it of; beyond that the role and the order of the loop have to do.
  const may = (act: Act): boolean => (waiting.length > 0 || incident.may === undefined ? role(act) : incident.may.includes(act));
  const isOn = incident.assignees.includes(me) || waiting.some((act) => act !== "decline");
  const small: Act[] = [];
  if (incident.proposed?.by === me && may("withdraw")) return { state, main: null, small: ["withdraw"] };
  if (isUnanswered(state)) {
    if (may("decline") && !waiting.includes("decline") && (isOn || isCalled(incident, me))) small.push("decline");
    return { state, main: may("sign") ? "sign" : null, small };
  }
  if (UNDER_WAY.has(state) && !isOn && incident.assignees.length > 0) {
    return { state, main: null, small: may("assist") ? ["assist"] : [] };
  }
  const main = NEXT_OF[state] ?? null;
  if (state === "signed" && may("arrive")) small.push("arrive");
  return { state, main: main !== null && may(main) ? main : null, small };
}

/** The order of the cards: mine first, then by priority, the oldest first. */
export function ordered<T extends Known & { id: number; priority: string; opened_at: string }>(incidents: readonly T[], me: string): { mine: T[]; others: T[] } {
  const sorted = [...incidents].filter((incident) => !isOver(incident.state)).sort((a, b) =>
    a.priority.localeCompare(b.priority) || Date.parse(a.opened_at) - Date.parse(b.opened_at) || a.id - b.id);
  return { mine: sorted.filter((one) => isMine(one, me)), others: sorted.filter((one) => !isMine(one, me)) };
}
