// Who is logged in, and what they may do. The API decides; the page only leaves out what would be refused.

import { computed, shallowRef } from "vue";
import { remember, remembered } from "@/api/memory";
import { speakFor } from "@/api/speaker";
import type { Me } from "@/api/types";

const SESSION = "session";

/** Who is logged in; null when nobody is, undefined while it is being found out. */
export const me = shallowRef<Me | null | undefined>(undefined);
export const isIn = computed(() => Boolean(me.value));

/** Take over what `/api/v1/me` says; null when nobody is logged in any more. */
export function set(who: Me | null): void {
  me.value = who;
  speakFor(who?.username ?? null);
  remember(SESSION, who?.username ?? null);
}

// Another tab has logged in, out, or become a wall: all tabs share the session, so this page is not its user's any more.
globalThis.window?.addEventListener("storage", (event) => {
  if (event.key === `anxin.${SESSION}` && me.value !== undefined && event.newValue !== (me.value?.username ?? null)) location.reload();
});

/** Whether this browser may hold a session; the cookie itself is not for scripts to see. */
export const mayBeOpen = (): boolean => remembered(SESSION) !== null;

/** Whether it was this user who was in last in this browser. */
export const wasIn = (username: string): boolean => remembered(SESSION) === username;

/** Whether the user's role allows an act: `alerts.ack`, `incidents.sign`, `persons.away`, … */
export const may = (act: string): boolean => (me.value?.may as readonly string[] | undefined)?.includes(act) ?? false;

/** Whether they sit in the command room. */
export const atDesk = computed(() => (me.value?.role === "operator" || me.value?.role === "commander") && !me.value.totp.must_enrol);
