// What is being typed or chosen about a case: it survives redraws, refreshes, and a look at another case.

import { computed, inject, provide, reactive, type ComputedRef, type InjectionKey } from "vue";
import type { AlertWhole, IncidentWhole } from "@/api/types";
import type { components } from "@/api/schema";

/** The acts that ask for something before they are done. */
export type Panel =
  | "dispatch" | "close" | "handle" | "note" | "shelve" | "merge" | "reopen" | "cancel" | "away" | "dispute" | "trail" | "attach";
export type Scope = "subject" | "place" | "area";
export type Disposition = components["schemas"]["Incident"]["disposition"];

export interface Draft {
  /** What is asked for at present; null: nothing is. */
  panel: Panel | null;
  texts: Partial<Record<Panel, string>>;
  disposition: NonNullable<Disposition> | null;
  assignees: string[];
  into: number | null;
  scope: Scope;
  minutes: number;
  untilClear: boolean;
  hours: number;
  /** Until when somebody is away, as the field has it; empty: not chosen yet. */
  away: string;
}

const drafts = new Map<string, Draft>();

const fresh = (): Draft => reactive<Draft>({
  panel: null, texts: {}, disposition: null, assignees: [], into: null, scope: "subject", minutes: 30, untilClear: true, hours: 24, away: "",
});

/** The draft about a case: its incident's, or its alert's while there is none. */
export function draftOf(alert: AlertWhole | null, incident: IncidentWhole | null): Draft {
  const key = incident === null ? `alert-${alert?.id}` : `incident-${incident.id}`;
  const known = drafts.get(key);
  if (known) return known;
  // What was begun about an alert goes on when it becomes an incident's.
  const begun = incident === null ? undefined : drafts.get(`alert-${alert?.id}`);
  const draft = begun ?? fresh();
  drafts.set(key, draft);
  if (begun) drafts.delete(`alert-${alert?.id}`);
  return draft;
}

/** Whether something is being asked or written about the case's alert. */
export const isBegun = (draft: Draft): boolean => draft.panel !== null || draft.away !== "" || Boolean(draft.texts.away);

/** An act is done: what was typed for it is no draft any more. */
export function done(draft: Draft, panel: Panel): void {
  draft.texts[panel] = "";
  if (draft.panel === panel) draft.panel = null;
  if (panel === "close") draft.disposition = null;
  if (panel === "dispatch") draft.assignees = [];
  if (panel === "merge") draft.into = null;
}

const DRAFT: InjectionKey<ComputedRef<Draft>> = Symbol("draft");

/** Have the parts below write into this draft. */
export const provideDraft = (draft: ComputedRef<Draft>): void => provide(DRAFT, draft);

/** The draft about the case that is shown. */
export const useDraft = (): ComputedRef<Draft> => inject(DRAFT, () => computed(fresh), true);
