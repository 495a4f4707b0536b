// Nine muted hues told apart with every kind of colour vision (Paul Tol, Colour Schemes, 2021), mixed with paper and ink.
const TOL_MUTED = ["#44AA99", "#CC6677", "#332288", "#DDCC77", "#88CCEE", "#AA4499", "#117733", "#882255", "#999933"];
const channels = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const mixed = (from, to, share) => from.map((c, i) => Math.round(c + (to[i] - c) * share));
const css = (rgb, alpha = 1) => `rgba(${rgb.join(",")},${alpha})`;
let colours;

function readColours() {
  const style = getComputedStyle(document.documentElement);
  const named = (name) => channels(style.getPropertyValue(`--${name}`).trim());
  const paper = named("paper"), ink = named("ink"), dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const hues = TOL_MUTED.map(channels).map((hue) => mixed(hue, [255, 255, 255], (dark ? 0.42 : 0.34) * (1 - Math.max(...hue) / 255 + 0.1)));
  colours = {
    paper, ink, dark, soft: named("soft"), accent: named("accent"), hues,
    closed: hues.map((hue) => css(mixed(paper, hue, dark ? 0.42 : 0.4))),
    open: hues.map((hue) => css(mixed(paper, hue, dark ? 0.16 : 0.13))),
    deeper: hues.map((hue) => css(hue, dark ? 0.12 : 0.13)),
    rim: hues.map((hue) => css(mixed(paper, hue, dark ? 0.7 : 0.72))),
    node: hues.map((hue) => css(mixed(hue, dark ? paper : ink, 0.1))),
    list: hues.map((hue) => css(mixed(paper, hue, 0.85))),
  };
}
