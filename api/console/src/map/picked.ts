// What was picked on the map: shown on the card beside it.

export type Picked =
  | { what: "cases"; keys: string[] }
  | { what: "places"; ids: string[] }
  | { what: "people"; users: string[] };

/** What a map shows. */
export interface Shows {
  areas: boolean;
  places: boolean;
  devices: boolean;
  people: boolean;
}
export const EVERYTHING: Shows = { areas: true, places: true, devices: true, people: true };
