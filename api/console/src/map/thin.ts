// Many things on little room: those that would cover each other are drawn as one, the most important of them.

export interface Pixel {
  x: number;
  y: number;
}
export interface Bunch<T> {
  /** The one that is drawn. */
  lead: T;
  /** All of them, the lead first. */
  members: T[];
  at: Pixel;
}

/**
 * Gather things so that no two leads are nearer together than `apart` pixels in both directions. `at` says where a thing lies in
 * the pixels of the whole world at this zoom, so that panning changes nothing. The first of `things` lead: sort them by importance.
 */
export function thinned<T>(things: Iterable<T>, at: (thing: T) => Pixel, apart: Pixel): Bunch<T>[] {
  const cells = new Map<string, Bunch<T>[]>();
  const bunches: Bunch<T>[] = [];
  for (const thing of things) {
    const pixel = at(thing);
    const [column, row] = [Math.floor(pixel.x / apart.x), Math.floor(pixel.y / apart.y)];
    const near = around(column, row).flatMap((key) => cells.get(key) ?? []);
    const taken = near.find((bunch) => Math.abs(bunch.at.x - pixel.x) < apart.x && Math.abs(bunch.at.y - pixel.y) < apart.y);
    if (taken) {
      taken.members.push(thing);
      continue;
    }
    const bunch = { lead: thing, members: [thing], at: pixel };
    bunches.push(bunch);
    cells.set(`${column}:${row}`, [...(cells.get(`${column}:${row}`) ?? []), bunch]);
  }
  return bunches;
}

/** A cell and the eight around it: what is nearer than a cell's side lies in one of them. */
const around = (column: number, row: number): string[] =>
  [-1, 0, 1].flatMap((x) => [-1, 0, 1].map((y) => `${column + x}:${row + y}`));
