// hls.js describes its whole build only; the light one, without subtitles and second sound tracks, has the same shape.
declare module "hls.js/light" {
  export { default } from "hls.js";
}
