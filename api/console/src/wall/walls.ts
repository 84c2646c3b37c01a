// What is opened in a wall's browser.

/** The address of a wall. What stands behind # is never sent to a server, nor written into its log. */
export const addressOf = (token: string): string => `${location.origin}/?mode=wall#token=${token}`;
