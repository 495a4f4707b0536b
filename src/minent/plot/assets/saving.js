// What is seen, drawn once more as a picture of its own: on a canvas (PNG) or as the shapes of an SVG.
function drawAll(context, data, marked) {
  context.globalAlpha = 1;
  drawTerritories(context, data);
  context.lineCap = "round";
  for (const k of shown.links) {
    const a = data.source[k], b = data.target[k];
    context.globalAlpha = 1;
    context.strokeStyle = linkColour(data, k, Math.min(1, Math.sqrt(300 / Math.max(1, shown.links.size))), shown.inView);
    context.lineWidth = linkWidth(data, k);
    context.beginPath();
    context.moveTo(px(data.nodeX[a]), py(data.nodeY[a]));
    context.lineTo(px(data.nodeX[b]), py(data.nodeY[b]));
    context.stroke();
  }
  for (const i of shown.bySize) {
    context.fillStyle = colours.node[data.hue[data.nodeModule[i]]];
    context.beginPath();
    context.arc(px(data.nodeX[i]), py(data.nodeY[i]), data.nodeRadius[i] * view.scale, 0, 2 * Math.PI);
    context.fill();
  }
  drawNodeNames(context, data, drawNames(context, data), marked);
}

// A context that writes down as SVG what is drawn on it; it knows what maps draw.
function recorder() {
  const out = [], measure = document.createElement("canvas").getContext("2d"), n = (x) => +x.toFixed(2);
  const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  let path = "";
  const paint = (kind, self) => out.push(`<path d="${path}" ${kind} opacity="${n(self.globalAlpha)}"/>`);
  const text = (self, words, x, y, look) => out.push(`<text x="${n(x)}" y="${n(y)}" style="font:${escaped(self.font)}" text-anchor="${self.textAlign === "center" ? "middle" : "start"}" dominant-baseline="central" ${look} opacity="${n(self.globalAlpha)}">${escaped(words)}</text>`);
  return {
    out, globalAlpha: 1, textAlign: "start", font: "", clearRect() {},
    beginPath() { path = ""; },
    moveTo(x, y) { path += `M${n(x)} ${n(y)}`; },
    lineTo(x, y) { path += `L${n(x)} ${n(y)}`; },
    quadraticCurveTo(a, b, x, y) { path += `Q${n(a)} ${n(b)} ${n(x)} ${n(y)}`; },
    arc(x, y, r) { path += `M${n(x - r)} ${n(y)}a${n(r)} ${n(r)} 0 1 0 ${n(2 * r)} 0a${n(r)} ${n(r)} 0 1 0 ${n(-2 * r)} 0`; },
    roundRect(x, y, w, h) { path += `M${n(x)} ${n(y)}h${n(w)}v${n(h)}h${n(-w)}z`; },
    fill() { paint(`fill="${this.fillStyle}"`, this); },
    stroke() { paint(`fill="none" stroke="${this.strokeStyle}" stroke-width="${n(this.lineWidth)}"`, this); },
    fillText(words, x, y) { text(this, words, x, y, `fill="${this.fillStyle}"`); },
    strokeText(words, x, y) { text(this, words, x, y, `fill="none" stroke="${this.strokeStyle}" stroke-width="${n(this.lineWidth)}" stroke-linejoin="round"`); },
    measureText(words) { measure.font = this.font; return measure.measureText(words); },
  };
}

function svgOf(data, marked = []) {
  const context = recorder();
  drawAll(context, data, marked);
  const size = `width="${view.width}" height="${view.height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${view.width} ${view.height}"><rect ${size} fill="${css(colours.paper)}"/>${context.out.join("\n")}</svg>\n`;
}

function canvasOf(data, marked = [], finer = 2) {
  const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
  Object.assign(canvas, { width: finer * view.width, height: finer * view.height });
  context.scale(finer, finer);
  drawAll(context, data, marked);
  context.globalCompositeOperation = "destination-over"; // maps clear what they draw on
  Object.assign(context, { globalAlpha: 1, fillStyle: css(colours.paper) });
  context.fillRect(0, 0, view.width, view.height);
  return canvas;
}

function saved(name, blob) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// Modules under names of your own: for the page, and to keep, as the command line's --names and `called` take them.
function renaming(data, m, done) {
  const input = element("input", { "aria-label": "Name of this module", placeholder: "A name of your own" });
  input.value = data.called[m]?.join(", ") ?? "";
  input.onkeydown = (event) => {
    event.stopPropagation();
    if (event.key === "Escape") return done();
    if (event.key !== "Enter") return;
    const words = input.value.trim();
    data.called[m] = words ? [words] : [];
    if (words) data.renamed.add(m);
    else data.renamed.delete(m);
    done();
  };
  byId("crumbs").append(input);
  input.focus();
}

const namesOf = (data) => Object.fromEntries([...data.renamed].sort((a, b) => a - b).map((m) => [data.path[m], data.called[m].join(", ")]));
