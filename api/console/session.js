// Who is logged in, and what they may do. The API decides; the page only leaves out what would be refused.

let user = null;

/** Take over what `/api/v1/me` says; null when nobody is logged in any more. */
export function set(who) {
  user = who;
}

export const current = () => user;

/** Whether the user's role allows an act: `alerts.ack`, `incidents.sign`, `persons.away`, … */
export const may = (act) => user?.may?.includes(act) ?? false;

/** Where the demo's stand-ins are; null outside of a demo. */
export const demo = () => user?.demo ?? null;
