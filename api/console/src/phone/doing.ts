// Doing something on the phone: into the queue, and a word that it is there.

import { messageOf } from "@/api/problem";
import { may, me } from "@/session/session";
import { t, type Word } from "@/words";
import type { Done } from "./queue/entry";
import { act } from "./queue/waiting";
import { smaller } from "./photo";
import { say } from "./toast";

const WRITERS: ReadonlySet<string> = new Set(["officer", "commander", "grid_worker"]);
/** Whether somebody leaves footprints and has a record; the API says the same. */
export const mayLeaveFootprints = (): boolean => WRITERS.has(me.value?.role ?? "");
/** Whether somebody may report an incident: whoever may write a note about one. */
export const mayReport = (): boolean => may("incidents.note");

/** Do it, several things or none of them; false when the phone could not keep it, which is said: what was typed has to stay. */
export async function doIt(done: Omit<Done, "user"> | readonly Omit<Done, "user">[], word: Word | null = "phone.sent"): Promise<boolean> {
  try {
    await act(...(Array.isArray(done) ? done : [done]) as Omit<Done, "user">[]);
    if (word !== null) say(t(word));
    return true;
  } catch (problem) {
    say(t("phone.no_room", { what: messageOf(problem) }), true);
    return false;
  }
}

/** Take the pictures out of a file field, small; those that cannot be read are said. */
export async function picturesOf(field: HTMLInputElement): Promise<ArrayBuffer[]> {
  const found: ArrayBuffer[] = [];
  for (const file of field.files ?? []) {
    try {
      found.push(await smaller(file));
    } catch (bad) {
      say(t(bad === "phone.photo.big" ? "phone.photo.big" : "phone.photo.bad"), true);
    }
  }
  field.value = "";
  return found;
}
