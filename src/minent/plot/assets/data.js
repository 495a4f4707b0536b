// The arrays of the page, unpacked, and what follows from them.
const byId = (id) => document.getElementById(id);
const facts = JSON.parse(byId("page-facts").textContent);

async function unpacked() {
  const text = atob(byId("page-data").textContent);
  const packed = Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  byId("page-data").remove();
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const buffer = await new Response(stream).arrayBuffer();
  const kinds = { int32: Int32Array, float32: Float32Array, uint8: Uint8Array };
  const data = {};
  for (const [name, kind, length, start] of facts.arrays) data[name] = new kinds[kind](buffer, start, length);
  for (const name of ["names", "called"]) data[name] = JSON.parse(new TextDecoder().decode(data[name]));
  return Object.assign(data, modulesOf(data), linksOf(data));
}

// Modules stand depth-first, so the nodes of module m are first[m] … first[m] + size[m] - 1.
function modulesOf({ parent, size, top, names, called, nodeModule }) {
  const children = Array.from(parent, () => []);
  const first = new Int32Array(parent.length).fill(nodeModule.length);
  const path = new Array(parent.length).fill("");
  for (let m = 1; m < parent.length; m++) {
    children[parent[m]].push(m);
    path[m] = (parent[m] ? path[parent[m]] + ":" : "") + children[parent[m]].length;
  }
  for (let i = nodeModule.length - 1; i >= 0; i--) first[nodeModule[i]] = i;
  for (let m = parent.length - 1; m > 0; m--) first[parent[m]] = Math.min(first[parent[m]], first[m]);
  const topNames = (m) => called[m]?.length ? called[m] : Array.from(top.subarray(3 * m, 3 * m + 3)).filter((i) => i >= 0).map((i) => names[i]);
  const pathOfNode = (i) => `${path[nodeModule[i]]}:${i - first[nodeModule[i]] + 1}`;
  return { children, first, path, topNames, pathOfNode };
}

// Each link stands at both its ends: links k of node i are start[i] … start[i + 1] - 1, to end[k], of flow strength[k].
function linksOf({ linkCount, linkStep, linkFlow }) {
  const nodes = linkCount.length, links = linkStep.length;
  const source = new Int32Array(links), target = new Int32Array(links), start = new Int32Array(nodes + 1);
  for (let i = 0, k = 0, at = 0; i < nodes; i++) {
    for (let n = linkCount[i]; n > 0; n--, k++) {
      source[k] = i;
      target[k] = at += linkStep[k];
      start[i + 1]++;
      start[at + 1]++;
    }
  }
  for (let i = 0; i < nodes; i++) start[i + 1] += start[i];
  const next = start.slice(), end = new Int32Array(2 * links), link = new Int32Array(2 * links);
  for (let k = 0; k < links; k++) {
    end[next[source[k]]] = target[k], link[next[source[k]]++] = k;
    end[next[target[k]]] = source[k], link[next[target[k]]++] = k;
  }
  const strength = linkFlow.length > 1 ? (k) => linkFlow[k] : () => linkFlow[0];
  return { source, target, start, end, link, strength };
}

const percent = (x) => (x >= 0.1 ? (100 * x).toFixed(1) : (100 * x).toPrecision(2)) + " %";
const count = (n) => n.toLocaleString("en");
const smooth = (low, high, x) => { const t = Math.min(1, Math.max(0, (x - low) / (high - low))); return t * t * (3 - 2 * t); };
