// Whether this page is to be a wall, and what its address says beside: `/?mode=wall#token=…&sound=1`.

export interface WallAsked {
  /** Good for a session that reads; null when the browser has one, or somebody logs in. */
  token: string | null;
  /** It may ring, once it has been clicked. */
  sound: boolean;
}

/** What an address asks for; null when it is no wall's. */
export function wallAsked(address: Pick<Location, "search" | "hash">): WallAsked | null {
  if (new URLSearchParams(address.search).get("mode") !== "wall") return null;
  const told = new URLSearchParams(address.hash.replace(/^#/, ""));
  return { token: told.get("token") || null, sound: told.get("sound") === "1" };
}

/** The same address without its token: what is left in sight and in the history. */
export function withoutToken(address: Pick<Location, "pathname" | "search" | "hash">): string {
  const told = new URLSearchParams(address.hash.replace(/^#/, ""));
  told.delete("token");
  return `${address.pathname}${address.search}${told.size > 0 ? `#${told}` : ""}`;
}
