// How a stream is played in a page: by the browser itself where it can, else by hls.js, which is fetched only then.

import type { components } from "@/api/schema";

export type Streams = components["schemas"]["VideoStreams"];
/** Why a page cannot play what a platform has: nothing it could, over http in a page over https, not there, not decodable. */
export type Unplayed = "kind" | "insecure" | "network" | "decode";

/** What is played from where, or why nothing is. `secure`: the page itself came over https. */
export function wayOf(streams: Streams, secure: boolean): { kind: "hls" | "fmp4"; url: string } | Unplayed {
  const url = streams.play === null ? null : streams[streams.play];
  if (streams.play === null || url === null) return "kind";
  return secure && url.startsWith("http:") ? "insecure" : { kind: streams.play, url };
}

/** The address for another player: RTSP first, then what there is. */
export const addressFor = (streams: Streams): string => streams.rtsp ?? streams.hls ?? streams.fmp4 ?? streams.flv ?? streams.webrtc ?? "";

/** Play; returns what ends it. `failed` is called once, when it cannot be played or no more. */
export function playIn(video: HTMLVideoElement, kind: "hls" | "fmp4", url: string, failed: (why: Unplayed) => void): () => void {
  let over = false;
  let end = (): void => undefined;
  const fail = (why: Unplayed): void => {
    if (!over) failed(why);
    over = true;
  };

  /** What the browser says it plays by itself and then does not is hls.js's turn. */
  const onError = (): void => {
    video.removeEventListener("error", onError);
    if (kind === "hls") void byHls();
    else fail(video.error?.code === MediaError.MEDIA_ERR_NETWORK ? "network" : "decode");
  };

  async function byHls(): Promise<void> {
    try {
      const { default: Hls } = await import("hls.js/light");
      if (over) return;
      if (!Hls.isSupported()) {
        fail("decode");
        return;
      }
      const player = new Hls({ enableWorker: false }); // the content security policy allows no worker of a blob
      player.on(Hls.Events.ERROR, (_event, told) => {
        if (!told.fatal) return;
        player.destroy();
        fail(told.type === Hls.ErrorTypes.NETWORK_ERROR ? "network" : "decode");
      });
      end = () => player.destroy();
      player.loadSource(url);
      player.attachMedia(video);
    } catch {
      fail("network");
    }
  }

  // Somebody pressed a button for it; where it still may not begin by itself, they press play.
  const onReady = (): void => void video.play().catch(() => undefined);
  video.addEventListener("canplay", onReady, { once: true });
  if (kind === "fmp4" || video.canPlayType("application/vnd.apple.mpegurl")) {
    video.addEventListener("error", onError);
    video.src = url;
  } else {
    void byHls();
  }
  return () => {
    over = true;
    video.removeEventListener("error", onError);
    video.removeEventListener("canplay", onReady);
    end();
    video.removeAttribute("src");
    video.load();
  };
}
