// A picture small enough for a thin line, and without what the camera wrote into it (where, when, which phone).

/** The longer side, in pixels. */
export const LONGEST = 1600;
const QUALITY = 0.8;
/** What the API takes, in bytes. */
const MOST = 8 * 1024 * 1024;

export type Bad = "phone.photo.bad" | "phone.photo.big";

/** The size a picture is drawn in: never larger than it is. */
export function fitted(width: number, height: number, longest = LONGEST): { width: number; height: number } {
  const scale = Math.min(1, longest / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** The picture as JPEG. Rejects with the word that says why not (`Bad`). */
export async function smaller(file: Blob): Promise<ArrayBuffer> {
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file);
  } catch {
    throw "phone.photo.bad" satisfies Bad;
  }
  const canvas = document.createElement("canvas");
  Object.assign(canvas, fitted(picture.width, picture.height));
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const drawn = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  if (drawn === null) throw "phone.photo.bad" satisfies Bad;
  if (drawn.size > MOST) throw "phone.photo.big" satisfies Bad;
  return drawn.arrayBuffer();
}
