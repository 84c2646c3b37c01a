// A voice note: at most a minute, in whatever of the API's forms the browser can record.

export const LONGEST_S = 60;
const FORMS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus", "audio/webm"];

export interface Note {
  bytes: ArrayBuffer;
  contentType: string;
  seconds: number;
}

/** Whether this browser can record at all (on https or this very machine only). */
export const canRecord = (): boolean => typeof MediaRecorder !== "undefined" && navigator.mediaDevices?.getUserMedia !== undefined && form() !== null;

const form = (): string | null => FORMS.find((one) => MediaRecorder.isTypeSupported(one)) ?? null;

/** Begin to record. The note comes when it is stopped, or after a minute. Rejects when the microphone is refused. */
export async function record(): Promise<{ stop(): void; note: Promise<Note> }> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const type = form() ?? "";
  const recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: 24_000 });
  const parts: Blob[] = [];
  const begun = performance.now();
  recorder.ondataavailable = (event) => parts.push(event.data);
  const stop = (): void => {
    if (recorder.state !== "inactive") recorder.stop();
  };
  const late = setTimeout(stop, LONGEST_S * 1000);
  const note = new Promise<Note>((done, fail) => {
    recorder.onstop = () => {
      clearTimeout(late);
      for (const track of stream.getTracks()) track.stop();
      const seconds = Math.max(1, Math.round((performance.now() - begun) / 1000));
      const contentType = type.split(";")[0] ?? type;
      new Blob(parts).arrayBuffer().then((bytes) => done({ bytes, contentType, seconds }), fail);
    };
  });
  recorder.start();
  return { stop, note };
}
