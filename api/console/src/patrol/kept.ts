// The picture a finding keeps, as the API takes it.

export interface Kept {
  taken_at: string;
  /** Base64. */
  content: string;
}

/** A picture taken at a moment (ms), to be sent; null when there is none. */
export async function keptOf(picture: Blob | null, takenAt: number | null): Promise<Kept | null> {
  if (picture === null || takenAt === null) return null;
  const bytes = new Uint8Array(await picture.arrayBuffer());
  return { taken_at: new Date(takenAt).toISOString(), content: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")) };
}
