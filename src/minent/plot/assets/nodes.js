// Which nodes and links are handed to sigma: those of open modules in view, the strongest links first.
const MOST_NODES = 9000, MOST_LINKS = 6000, MOST_LINKS_OUT = 1200;
const shown = { nodes: new Set(), links: new Set(), inView: new Set(), bySize: [] };

function nodesInView(data) {
  const wanted = [], margin = 0.15;
  const left = -margin * view.width, right = (1 + margin) * view.width, top = -margin * view.height, bottom = (1 + margin) * view.height;
  for (const m of drawn.modules) {
    if (data.children[m].length || !isOpen(m)) continue;
    for (let i = data.first[m]; i < data.first[m] + data.size[m] && wanted.length < MOST_NODES; i++) {
      const x = px(data.nodeX[i]), y = py(data.nodeY[i]);
      if (x > left && x < right && y > top && y < bottom) wanted.push(i);
    }
  }
  return wanted;
}

function linksInView(data, nodes) {
  const inside = new Set(nodes), within = [], out = [];
  const untying = new Map(drawn.modules.map((m) => [m, untied(data, m) > 0.5]));
  for (const i of nodes) {
    const home = data.nodeModule[i], far = untying.get(home);
    for (let k = data.start[i]; k < data.start[i + 1]; k++) {
      const there = data.nodeModule[data.end[k]];
      if (!inside.has(data.end[k])) far && offScreen(data, data.end[k]) && out.push(data.link[k]);
      else if (data.source[data.link[k]] === i && (there === home || (far && untying.get(there)))) within.push(data.link[k]);
    }
  }
  const athome = (k) => data.nodeModule[data.source[k]] === data.nodeModule[data.target[k]];
  const strongest = (links, most) => links.sort((a, b) => athome(b) - athome(a) || data.strength(b) - data.strength(a)).slice(0, most);
  return [...strongest(within, MOST_LINKS), ...strongest(out, MOST_LINKS_OUT)];
}

function offScreen(data, i) {
  const x = px(data.nodeX[i]), y = py(data.nodeY[i]);
  return x < 0 || y < 0 || x > view.width || y > view.height;
}

function showNodes(graph, data) {
  const nodes = nodesInView(data), links = linksInView(data, nodes), inView = new Set(nodes), kept = new Set(links);
  const ends = new Set(nodes);
  for (const k of links) ends.add(data.source[k]), ends.add(data.target[k]);
  for (const k of shown.links) if (!kept.has(k)) graph.dropEdge("l" + k);
  for (const i of shown.nodes) if (!ends.has(i)) graph.dropNode(String(i));
  for (const i of ends) {
    const size = inView.has(i) ? data.nodeRadius[i] : 1e-9, key = String(i);
    const look = { size, color: colours.node[data.hue[data.nodeModule[i]]] };
    if (shown.nodes.has(i)) {
      if (graph.getNodeAttribute(key, "size") !== size) graph.mergeNodeAttributes(key, look);
    } else graph.addNode(key, { x: data.nodeX[i], y: data.nodeY[i], ...look });
  }
  const crowd = Math.min(1, Math.sqrt(300 / Math.max(1, links.length)));
  for (const k of links) {
    const look = { color: linkColour(data, k, crowd, inView), size: linkWidth(data, k) / view.scale };
    if (shown.links.has(k)) graph.replaceEdgeAttributes("l" + k, look);
    else graph.addEdgeWithKey("l" + k, String(data.source[k]), String(data.target[k]), look);
  }
  Object.assign(shown, { nodes: ends, links: kept, inView, bySize: nodes.sort((a, b) => data.nodeRadius[b] - data.nodeRadius[a]) });
}

// Opaque, because sigma adds up what shines through.
function linkColour(data, k, crowd, inView) {
  const a = data.source[k], b = data.target[k], hue = colours.hues[data.hue[data.nodeModule[a]]];
  if (data.nodeModule[a] === data.nodeModule[b]) return css(mixed(colours.paper, hue, 0.3 + 0.35 * crowd));
  return css(mixed(colours.paper, colours.soft, 0.12 + (inView.has(a) && inView.has(b) ? 0.35 : 0.2) * crowd));
}

function linkWidth(data, k) {
  const room = Math.min(data.nodeRadius[data.source[k]], data.nodeRadius[data.target[k]]) * view.scale;
  const share = data.strongest ? Math.sqrt(data.strength(k) / data.strongest) : 0.5;
  return Math.max(0.8, Math.min(0.5 * room, 1 + 3 * share));
}

// Names of nodes, largest first: in the disc where there is room, under it otherwise, none over another.
function drawNodeNames(context, data, taken, marked) {
  const first = marked.filter((i) => i >= 0);
  let tries = 500;
  for (const i of [...first, ...shown.bySize]) {
    const radius = data.nodeRadius[i] * view.scale, x = px(data.nodeX[i]), y = py(data.nodeY[i]);
    if (first.includes(i) ? false : radius < 5.5 || --tries < 0) break;
    if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
    const size = Math.min(15, Math.max(10.5, radius / 2.2));
    context.font = `500 ${size}px ${FONT}`;
    const letters = Array.from(data.names[i]), text = letters.length > 30 && !first.includes(i) ? letters.slice(0, 29).join("") + "…" : data.names[i];
    const width = measured(context, text) + 4, inside = width < 1.75 * radius && size < 1.6 * radius;
    if (!inside && !first.includes(i) && (x < width / 2 || x > view.width - width / 2)) continue; // it would be cut
    if (inside) {
      if (!free(taken, x, y, width, size)) continue;
      context.fillStyle = contrast(colours.node[data.hue[data.nodeModule[i]]]);
      context.fillText(text, x, y);
    } else if ((spacing(data, data.nodeModule[i]) > 24 || first.includes(i)) && free(taken, x, y + radius + 0.7 * size, width, 1.25 * size)) {
      haloed(context, text, x, y + radius + 0.7 * size, css(colours.ink));
    }
  }
}

function haloed(context, text, x, y, colour) {
  context.lineWidth = 3.5;
  context.strokeStyle = css(colours.paper, 0.92);
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

function contrast(colour) {
  const [r, g, b] = colour.match(/\d+/g).map(Number);
  return 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#14181c" : "#ffffff";
}

// The links of the node under the pointer, or found by its name, over everything else.
function drawHighlight(context, data, i) {
  context.clearRect(0, 0, view.width, view.height);
  if (i < 0) return;
  const x = px(data.nodeX[i]), y = py(data.nodeY[i]), links = [];
  for (let k = data.start[i]; k < data.start[i + 1]; k++) links.push(k);
  links.sort((a, b) => data.strength(data.link[b]) - data.strength(data.link[a]));
  context.strokeStyle = context.fillStyle = css(colours.accent);
  context.globalAlpha = 0.25 + 0.5 * Math.min(1, 12 / links.length);
  context.lineWidth = 1.4;
  context.beginPath();
  for (const k of links.slice(0, 1500)) context.moveTo(x, y), context.lineTo(px(data.nodeX[data.end[k]]), py(data.nodeY[data.end[k]]));
  context.stroke();
  context.globalAlpha = 0.9;
  for (const k of links.slice(0, 1500)) ring(context, data, data.end[k], 1.3);
  context.globalAlpha = 1;
  ring(context, data, i, 2.5);
}

function ring(context, data, i, width) {
  const r = Math.max(width, data.nodeRadius[i] * view.scale + width / 2);
  context.lineWidth = width;
  context.beginPath();
  context.arc(px(data.nodeX[i]), py(data.nodeY[i]), r, 0, 2 * Math.PI);
  context.stroke();
}
