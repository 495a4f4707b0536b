// Modules as nested discs on a canvas under the nodes, the strongest roads between siblings, and names above all.
const view = { x: 0, y: 0, scale: 1, width: 0, height: 0 };
const drawn = { modules: [], openness: new Map(), named: new Set(), hovered: -1 };
const px = (x) => view.x + x * view.scale;
const py = (y) => view.y - y * view.scale;

function lookThrough(sigma) {
  const zero = sigma.graphToViewport({ x: 0, y: 0 }), one = sigma.graphToViewport({ x: 1, y: 0 });
  Object.assign(view, { x: zero.x, y: zero.y, scale: one.x - zero.x }, sigma.getDimensions());
}

// How far a module shows what it holds, 0 … 1: it opens when that has room enough on the screen.
function openness(data, m) {
  if (m === 0) return 1;
  const radius = data.moduleRadius[m] * view.scale, children = data.children[m].length;
  if (children) return smooth(7, 15, radius / Math.sqrt(children)) * smooth(24, 48, radius);
  return smooth(5, 9, spacing(data, m)) * smooth(16, 28, radius);
}

// How far links of single nodes stand for the roads of their module, 0 … 1.
const untied = (data, m) => (data.children[m].length ? openness(data, m) : smooth(13, 18, spacing(data, m)));
const isOpen = (m) => drawn.openness.get(m) > 0.35;
const spacing = (data, m) => (1.8 * data.moduleRadius[m] * view.scale) / Math.sqrt(data.size[m]);

function inView(data, m) {
  const r = data.moduleRadius[m] * view.scale, x = px(data.moduleX[m]), y = py(data.moduleY[m]);
  return x + r > 0 && y + r > 0 && x - r < view.width && y - r < view.height;
}

function drawTerritories(context, data) {
  context.clearRect(0, 0, view.width, view.height);
  drawn.modules = [];
  drawn.openness.clear();
  drawModule(context, data, 0, 0, 1);
  context.globalAlpha = 1;
}

function drawModule(context, data, m, depth, alpha) {
  const radius = data.moduleRadius[m] * view.scale;
  if (radius < 0.4 || !inView(data, m)) return;
  const open = openness(data, m), hue = data.hue[m];
  drawn.openness.set(m, open);
  if (m) {
    drawn.modules.push(m);
    context.beginPath();
    context.arc(px(data.moduleX[m]), py(data.moduleY[m]), radius, 0, 2 * Math.PI);
    context.globalAlpha = alpha;
    context.fillStyle = depth > 1 ? colours.deeper[hue] : colours.open[hue];
    context.fill();
    context.globalAlpha = alpha * (1 - open) * 0.999;
    context.fillStyle = colours.closed[hue];
    context.fill();
    context.globalAlpha = alpha;
    context.strokeStyle = m === drawn.hovered ? css(colours.ink) : colours.rim[hue];
    context.lineWidth = m === drawn.hovered ? 2 : Math.min(1.5, 0.3 + radius / 22) * (depth > 1 ? 0.8 : 1);
    context.stroke();
  }
  if (!open) return;
  drawRoads(context, data, m, alpha * open);
  for (const child of data.children[m]) drawModule(context, data, child, depth + 1, alpha * open);
}

function drawRoads(context, data, m, alpha) {
  const roads = data.roads.get(m);
  if (!roads) return;
  const strongest = data.roadFlow[roads[0]], most = Math.min(400, data.children[m].length + 40);
  context.strokeStyle = css(colours.ink);
  context.lineCap = "round";
  for (const k of roads.slice(0, most)) {
    const a = data.roadFrom[k], b = data.roadTo[k], x = px(data.moduleX[a]), y = py(data.moduleY[a]);
    const x2 = px(data.moduleX[b]), y2 = py(data.moduleY[b]), length = Math.hypot(x2 - x, y2 - y);
    const smaller = Math.min(data.moduleRadius[a], data.moduleRadius[b]) * view.scale;
    const width = Math.min(0.35 * smaller, 9 * Math.sqrt(data.roadFlow[k] / strongest));
    if (width < 0.3 || Math.max(x, x2) < 0 || Math.max(y, y2) < 0 || Math.min(x, x2) > view.width || Math.min(y, y2) > view.height) continue;
    const shown = 1 - 0.8 * Math.min(untied(data, a), untied(data, b));
    context.globalAlpha = alpha * shown * (colours.dark ? 0.22 : 0.2) * Math.min(1, width);
    context.lineWidth = Math.max(0.7, width);
    const bend = 0.12 * (a < b ? 1 : -1);
    context.beginPath();
    context.moveTo(x, y);
    context.quadraticCurveTo((x + x2) / 2 - bend * (y2 - y), (y + y2) / 2 + bend * (x2 - x), x2, y2);
    context.stroke();
  }
}

const FONT = getComputedStyle(document.documentElement).getPropertyValue("--sans");

// Names of modules: inside where closed, on the upper rim where open; larger ones first, none over another.
function drawNames(context, data) {
  context.clearRect(0, 0, view.width, view.height);
  drawn.named.clear();
  const taken = [], byRadius = drawn.modules.filter((m) => data.moduleRadius[m] * view.scale > 20);
  byRadius.sort((a, b) => data.moduleRadius[b] - data.moduleRadius[a]);
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  for (const m of byRadius.slice(0, 400)) drawName(context, data, m, taken);
  return taken;
}

function drawName(context, data, m, taken) {
  const radius = data.moduleRadius[m] * view.scale, y = py(data.moduleY[m]);
  const open = isOpen(m), size = Math.min(open ? 14 : 17, Math.max(10.5, radius / 5.5));
  const share = percent(data.moduleFlow[m]), names = data.topNames(m);
  context.font = `600 ${size}px ${FONT}`;
  const room = open ? Math.max(1.3 * radius, 60) : 1.8 * Math.sqrt(Math.max(0, radius ** 2 - (1.2 * size) ** 2));
  const lines = open ? [fitted(context, names, room)] : wrapped(context, names, room, radius > 62 ? 3 : radius > 34 ? 2 : 1);
  if (!lines[0] || (open && (radius < 30 || y - radius < -5))) return;
  const step = 1.22 * size, height = open ? step : (lines.length + 0.9) * step, named = Math.max(...lines.map((line) => measured(context, line)));
  context.font = `400 ${open ? size : 0.86 * size}px ${FONT}`;
  const width = named + 10 + (open ? measured(context, ` ${share}`) : 0);
  const middle = open ? Math.max(y - radius, height / 2 + 2) : y, edge = Math.max(0, view.width - width / 2 - 2);
  const x = open ? Math.max(Math.min(px(data.moduleX[m]), edge), width / 2 + 2) : px(data.moduleX[m]);
  if (!free(taken, x, middle, width, height)) return;
  drawn.named.add(m);
  if (open) {
    context.fillStyle = css(colours.paper, 0.86);
    context.beginPath();
    context.roundRect(x - width / 2, middle - height / 2, width, height, height / 2);
    context.fill();
    context.textAlign = "left";
    context.fillStyle = css(colours.soft);
    context.fillText(` ${share}`, x - width / 2 + 5 + named, middle);
    context.font = `600 ${size}px ${FONT}`;
    context.fillStyle = css(colours.ink);
    context.fillText(lines[0], x - width / 2 + 5, middle);
    context.textAlign = "center";
    return;
  }
  const start = y - ((lines.length - 1 + 0.9) * step) / 2;
  context.fillStyle = css(colours.ink);
  context.globalAlpha = 0.75;
  context.fillText(share, x, start + (lines.length - 0.08) * step);
  context.font = `600 ${size}px ${FONT}`;
  context.globalAlpha = 1;
  lines.forEach((line, k) => context.fillText(line, x, start + k * step));
  context.globalAlpha = 1;
}

function free(taken, x, y, width, height) {
  const box = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
  if (taken.some((b) => box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1])) return false;
  return taken.push(box);
}

const measured = (context, text) => context.measureText(text).width;

// As many names as there is room for, the first one cut where even that is too long.
function fitted(context, names, room) {
  for (let k = names.length; k > 0; k--) {
    const line = names.slice(0, k).join(", ");
    if (line.length < 200 && measured(context, line) <= room) return line;
  }
  const letters = Array.from(names[0] ?? "").slice(0, 60);
  while (letters.length > 4 && measured(context, letters.join("") + "…") > room) letters.pop();
  return letters.length > 4 && measured(context, letters.join("")) <= room ? letters.join("") + "…" : "";
}

function wrapped(context, names, room, most) {
  const lines = [];
  for (let k = 0; k < Math.min(most, names.length); k++) {
    const line = fitted(context, [names[k]], room * (most > 1 && k !== 1 ? 0.9 : 1));
    if (line) lines.push(line);
  }
  return lines;
}
