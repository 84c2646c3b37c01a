// For whom this page speaks. All tabs of a browser share one session: when somebody else logs in, in another tab, nothing
// this page still asks for may be done in their name.

/** The header that says it; the API refuses (401 `other_user`) when the session is another's. */
export const SPEAKER = "X-Anxin-User";
let speaker: string | null = null;

/** From now on ask as this user; null: as whoever the session is. */
export function speakFor(username: string | null): void {
  speaker = username;
}

/** The header for a request as a user; none to find out who is in. */
export const spokenFor = (username: string | null = speaker): Record<string, string> =>
  username === null ? {} : { [SPEAKER]: encodeURIComponent(username) };
