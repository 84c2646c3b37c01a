// What the state of an incident means to people.

const OVER: ReadonlySet<string> = new Set(["closed", "merged", "cancelled"]);
const UNANSWERED: ReadonlySet<string> = new Set(["new", "acknowledged", "dispatched", "reopened"]);

/** Whether nothing is left to do about it. */
export const isOver = (state: string): boolean => OVER.has(state);

/** Whether nobody has signed for it yet. */
export const isUnanswered = (state: string): boolean => UNANSWERED.has(state);
