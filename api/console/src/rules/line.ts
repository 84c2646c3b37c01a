/** The line (from 1) that a complaint about YAML is about: the last it names, where reading stopped; null when it names none. */
export function lineOf(complaint: string): number | null {
  const named = [...complaint.matchAll(/line (\d+), column/g)].at(-1)?.[1];
  return named === undefined ? null : Number(named);
}
