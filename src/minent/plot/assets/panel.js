// The words beside the map: facts, where you are, the largest modules or nodes there, and what lies under the pointer.
function element(tag, attributes = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) name === "onclick" ? (made.onclick = value) : made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

function showFacts() {
  const bits = (x) => [x.toFixed(3), element("small", {}, " bits")];
  const rows = [["nodes", count(facts.nodes)], [facts.directed ? "directed links" : "links", count(facts.links)], ["modules", count(facts.modules)], ["levels", facts.levels]];
  if (facts.codelength !== null) rows.push(["codelength", ...bits(facts.codelength)]);
  if (facts.codelength !== null && facts.oneLevel) rows.push(["compression", percent(1 - facts.codelength / facts.oneLevel)]);
  byId("facts").replaceChildren(...rows.map(([term, ...value]) => element("div", {}, element("dt", {}, term), element("dd", {}, ...value))));
  byId("facts").title = facts.oneLevel ? `One level would cost ${facts.oneLevel.toFixed(3)} bits per step` : "";
}

function showContents(data, m, flyTo) {
  const above = [];
  for (let a = m; a > 0; a = data.parent[a]) above.unshift(a);
  const step = (a) => (a ? data.path[a] : "Whole map");
  const crumbs = [0, ...above].map((a) => (a === m ? element("b", {}, a ? `Module ${step(a)}` : "Largest modules") : element("button", { onclick: () => flyTo(a) }, step(a))));
  const tools = element("span", { class: "tools" });
  if (m) tools.append(element("button", { onclick: () => renaming(data, m, flyTo.redraw), title: "Call this module something" }, "rename"));
  if (data.renamed?.size) tools.append(element("button", { onclick: () => saved("names.json", new Blob([JSON.stringify(namesOf(data), null, 1)])), title: "Keep the names: --names names.json" }, "keep names"));
  byId("crumbs").replaceChildren(tools, ...crumbs.flatMap((crumb, k) => (k ? [" › ", crumb] : [crumb])));
  const leaf = data.children[m].length === 0, most = 100;
  const total = leaf ? data.size[m] : data.children[m].length;
  const items = leaf ? Array.from({ length: Math.min(most, total) }, (_, k) => data.first[m] + k) : data.children[m].slice(0, most);
  const flow = leaf ? data.nodeFlow : data.moduleFlow, largest = flow[items[0]] || 1;
  const rows = items.map((item) => {
    const hue = data.hue[leaf ? m : item], name = leaf ? data.names[item] : data.topNames(item).join(", ");
    const bar = element("i", { style: `width:calc(${(100 * flow[item]) / largest}% * 0.92);background:${colours.list[hue]}` });
    const path = leaf ? [] : [element("span", { class: "path" }, data.path[item])];
    const label = [...path, element("span", { class: "name", dir: "auto" }, name), element("span", { class: "share" }, percent(flow[item])), bar];
    return element("li", {}, element("button", { onclick: () => (leaf ? flyTo.node(item) : flyTo(item)) }, ...label));
  });
  if (total > most) rows.push(element("li", { class: "more" }, `and ${count(total - most)} smaller ones`));
  byId("list").replaceChildren(...rows);
  byId("list").scrollTop = 0;
}

function showTip(data, { node = -1, module = -1 }, at) {
  const tip = byId("tip");
  tip.hidden = node < 0 && module < 0;
  if (tip.hidden) return;
  const rows = node >= 0
    ? [["flow", percent(data.nodeFlow[node])], ["links", count(data.start[node + 1] - data.start[node])], ["path", data.pathOfNode(node)]]
    : [["flow", percent(data.moduleFlow[module])], ["nodes", count(data.size[module])], ...(data.children[module].length ? [["modules", count(data.children[module].length)]] : []), ["enter", rate(data.enter[module])], ["exit", rate(data.exit[module])], ["path", data.path[module]]];
  const title = node >= 0 ? data.names[node] : data.topNames(module).join(", ");
  const table = element("table", {}, ...rows.map(([name, value]) => element("tr", {}, element("th", {}, name), element("td", {}, value))));
  tip.replaceChildren(element("strong", { dir: "auto" }, title), table);
  const x = at.x + 16 + tip.offsetWidth > view.width ? at.x - 12 - tip.offsetWidth : at.x + 16;
  const y = at.y + 16 + tip.offsetHeight > view.height ? at.y - 12 - tip.offsetHeight : at.y + 16;
  tip.style.transform = `translate(${Math.max(4, x)}px, ${Math.max(4, y)}px)`;
}

const rate = (x) => `${percent(x)} of steps`;

// A disc of a round share of flow, as large as a node's or else as a module's would be.
function showScale(data, m) {
  const ofNodes = data.children[m].length === 0, depth = m ? data.path[m].split(":").length : 0;
  const area = facts.areaOfFlow[depth + (ofNodes ? 0 : 1)] ?? 1;
  const radius = (share) => Math.sqrt(share * area * (ofNodes ? facts.filled : 1)) * view.scale;
  const shares = [50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4, 5e-5, 2e-5, 1e-5];
  const share = shares.find((s) => radius(s / 100) < 24) ?? 1e-5;
  const size = `${2 * radius(share / 100)}px`;
  byId("scale").firstElementChild.style.cssText = `width:${size};height:${size}`;
  byId("scale").lastElementChild.textContent = `a ${ofNodes ? "node" : "module"} of ${share} % of the flow`;
}
