// How a wall gets in: its token is exchanged for a session that reads.

import { shallowRef } from "vue";
import { api, got } from "@/api/client";
import { remember } from "@/api/memory";
import { messageOf, Problem } from "@/api/problem";
import { begin } from "@/live/follow";
import { wall } from "./address";

const AGAIN_MS = 5000;

/** Why the token was not taken; empty when it was, or there was none. */
export const refused = shallowRef("");

/** Get in as whoever the address says, else as whoever is logged in. */
export async function enterWall(): Promise<void> {
  if (wall?.token) {
    try {
      await got(api.POST("/api/v1/auth/wall", { body: { token: wall.token } }));
      remember("session", "wall"); // other tabs notice; the wall's own name comes with `begin`
    } catch (problem) {
      if (problem instanceof Problem && (problem.status === 0 || problem.status >= 500)) {
        setTimeout(() => void enterWall(), AGAIN_MS); // a screen that starts before the server waits for it
        return;
      }
      refused.value = messageOf(problem);
    }
  }
  await begin();
}
