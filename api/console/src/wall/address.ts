// The first thing a page does: see whether it is a wall, and take the token out of the address before anything can keep it.

import { wallAsked, withoutToken } from "./asked";

/** What the address asked for when the page was opened; null when it is no wall. */
export const wall = wallAsked(location);

if (wall?.token) history.replaceState(history.state, "", withoutToken(location));
