// A first password, to be read out over the telephone: no letters that look like others.

const LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789";
const LENGTH = 14;

/** Fourteen letters and digits, about eighty bits. `random` fills bytes. */
export function firstPassword(random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = (bytes) => crypto.getRandomValues(bytes)): string {
  let made = "";
  while (made.length < LENGTH) {
    for (const byte of random(new Uint8Array(LENGTH))) {
      // Beyond the last whole turn some letters would come more often.
      if (byte < Math.floor(256 / LETTERS.length) * LETTERS.length && made.length < LENGTH) made += LETTERS[byte % LETTERS.length];
    }
  }
  return made;
}
