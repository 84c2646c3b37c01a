// The greys of the pictures: the longer it took, the darker. Colours of priorities are for alarms alone.

export const RAMP = ["#d5dde2", "#aebbc5", "#8296a4", "#566f81", "#22303c"] as const;
export const BAR = "#566f81";
export const BEFORE = "#b9c3ca";
export const GRID_LINE = "#c3c9cd";

/** A shade for each of `n` steps, from light to dark. */
export const shades = (n: number): string[] =>
  Array.from({ length: n }, (_, index) => RAMP[n < 2 ? RAMP.length - 1 : Math.round((index * (RAMP.length - 1)) / (n - 1))] ?? BAR);
