// Who is logged in, and what they may do. The API decides; the page only leaves out what would be refused.

const KEPT = "anxin.session";

let user = null;

/** Take over what `/api/v1/me` says; null when nobody is logged in any more. */
export function set(who) {
  user = who;
  try {
    if (who === null) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, "open");
  } catch {
    // nothing can be remembered here: the API is asked each time
  }
}

/** Whether this browser may hold a session; the cookie itself is not for scripts to see. */
export function mayBeOpen() {
  try {
    return localStorage.getItem(KEPT) !== null;
  } catch {
    return true;
  }
}

export const current = () => user;

/** Whether the user's role allows an act: `alerts.ack`, `incidents.sign`, `persons.away`, … */
export const may = (act) => user?.may?.includes(act) ?? false;

/** Where the demo's stand-ins are; null outside of a demo. */
export const demo = () => user?.demo ?? null;
