/** What is typed as attributes: a JSON object, or nothing. Throws a sentence. */
export function attributesOf(text: string, complaint: string): Record<string, unknown> | undefined {
  if (text.trim() === "") return undefined;
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw new Error(complaint);
  }
  if (typeof read !== "object" || read === null || Array.isArray(read)) throw new Error(complaint);
  return read as Record<string, unknown>;
}
