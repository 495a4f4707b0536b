// One sigma over the canvas of territories; the camera decides what is shown.
async function start() {
  readColours();
  showFacts();
  const data = await unpacked();
  if (!facts.nodes) return say("This network has no nodes.");
  data.roads = grouped(data);
  data.strongest = data.linkFlow.length > 1 ? data.linkFlow.reduce((a, b) => Math.max(a, b), 0) : 0;
  const graph = new graphology.Graph({ type: "mixed", multi: true, allowSelfLoops: true });
  graph.addNode("anchor", { x: 0, y: 0, size: 1e-9, color: "#0000" });
  const smallest = data.nodeRadius.reduce((a, b) => Math.min(a, b), 1);
  const sigma = new Sigma(graph, byId("map"), {
    itemSizesReference: "positions", zoomToSizeRatioFunction: (ratio) => ratio, autoRescale: true, stagePadding: 18,
    minCameraRatio: Math.max(2e-5, 3 * smallest), maxCameraRatio: 1.5, enableCameraRotation: false, doubleClickZoomingRatio: 1,
    minEdgeThickness: 0.8, defaultEdgeType: facts.directed ? "arrow" : "line", zIndex: false,
    renderLabels: false, defaultDrawNodeHover: () => {},
  });
  sigma.setCustomBBox({ x: [-1, 1], y: [-1, 1] });
  const layer = (id, place) => (sigma.createCanvasContext(id, place), sigma.getCanvases()[id]);
  const under = layer("territories", { beforeLayer: "edges" }), bright = layer("highlight", { beforeLayer: "labels" }), over = layer("names", { beforeLayer: "mouse" });
  over.style.pointerEvents = bright.style.pointerEvents = under.style.pointerEvents = "none";
  sigma.resize(true);
  const contexts = [under, bright, over].map((canvas) => canvas.getContext("2d"));
  const state = { focus: -1, found: -1, node: -1, under: -1, late: 0 };

  sigma.on("afterRender", () => {
    lookThrough(sigma);
    drawTerritories(contexts[0], data);
    drawHighlight(contexts[1], data, state.node >= 0 ? state.node : state.found);
    drawNodeNames(contexts[2], data, drawNames(contexts[2], data), [state.node, state.found]);
    showScale(data, Math.max(0, state.focus));
    if (!state.late) state.late = setTimeout(settle, 90);
  });

  function settle() {
    state.late = 0;
    const key = [view.x, view.y, view.scale, view.width, view.height, colours.dark].join();
    if (key === state.key) return;
    state.key = key;
    showNodes(graph, data);
    const focus = focused(data);
    if (focus !== state.focus) showContents(data, (state.focus = focus), flyTo);
  }

  const camera = sigma.getCamera(), still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  // Without motion at once: animations of no length divide by it, and of those done in the same moment none is told.
  async function glide(to, duration, easing = "quadraticInOut") {
    if (still) camera.setState(to);
    else await camera.animate(to, { duration, easing });
  }
  function fly(x, y, radius) {
    state.node = state.under = drawn.hovered = -1;
    showTip(data, {});
    const to = sigma.viewportToFramedGraph(sigma.graphToViewport({ x, y }));
    const ratio = Math.min(1, Math.max(sigma.getSetting("minCameraRatio"), 1.1 * radius));
    return glide({ x: to.x, y: to.y, ratio }, 650, "cubicInOut");
  }
  const flyTo = (m) => (m ? fly(data.moduleX[m], data.moduleY[m], data.moduleRadius[m]) : fly(0, 0, 1 / 1.1));
  flyTo.node = (i) => {
    state.found = i;
    const module = data.moduleRadius[data.nodeModule[i]];
    return fly(data.nodeX[i], data.nodeY[i], Math.min(module, 14 * data.nodeRadius[i]));
  };

  function point(target, at) {
    const module = target >= 0 ? -1 : moduleAt(data, at);
    if (target !== state.node || module !== drawn.hovered) {
      state.node = target;
      drawn.hovered = module;
      byId("map").classList.toggle("over", target >= 0 || module > 0);
      sigma.scheduleRender();
    }
    showTip(data, { node: target, module }, at);
  }
  sigma.on("moveBody", ({ event }) => point(state.under, event));
  sigma.on("enterNode", ({ node, event }) => node !== "anchor" && shown.inView?.has(+node) && point((state.under = +node), event));
  sigma.on("leaveNode", ({ event }) => point((state.under = -1), event));
  sigma.on("leaveStage", () => ((state.node = drawn.hovered = -1), showTip(data, {}), sigma.scheduleRender()));
  sigma.on("clickNode", ({ node, event }) => (shown.inView?.has(+node) ? flyTo.node(+node) : clicked(event)));
  sigma.on("clickStage", ({ event }) => clicked(event));
  function clicked(event) {
    const module = moduleAt(data, event);
    state.found = -1;
    const nameless = module > 0 && module !== drawn.hovered && matchMedia("(hover: none)").matches && !drawn.named.has(module);
    if (nameless) return point(-1, event); // where nothing hovers, a first tap says what it is
    if (module > 0) flyTo(module);
    else if (module < 0 && !containing(data, event).length) up();
    else sigma.scheduleRender();
  }
  const up = () => ((state.found = -1), flyTo(Math.max(0, data.parent[state.focus])));

  const called = document.title.replace(/[^\p{L}\p{N}]+/gu, "-") || "map", marked = () => [state.node, state.found];
  byId("as-svg").onclick = () => saved(`${called}.svg`, new Blob([svgOf(data, marked())], { type: "image/svg+xml" }));
  byId("as-png").onclick = () => canvasOf(data, marked()).toBlob((blob) => saved(`${called}.png`, blob));
  data.renamed = new Set();
  flyTo.redraw = () => (showContents(data, state.focus, flyTo), sigma.scheduleRender());
  byId("closer").onclick = () => glide({ ratio: camera.ratio / 1.6 }, 250);
  byId("farther").onclick = () => glide({ ratio: camera.ratio * 1.6 }, 250);
  byId("whole").onclick = () => flyTo(0);
  const move = (x, y) => glide({ x: camera.x + 0.2 * x * camera.ratio, y: camera.y + 0.2 * y * camera.ratio }, 150);
  const keys = {
    "+": byId("closer").onclick, "=": byId("closer").onclick, "-": byId("farther").onclick, 0: byId("whole").onclick, Escape: up,
    ArrowLeft: () => move(-1, 0), ArrowRight: () => move(1, 0), ArrowUp: () => move(0, 1), ArrowDown: () => move(0, -1), "/": () => byId("query").focus(),
  };
  addEventListener("keydown", (event) => {
    if (event.target.tagName === "INPUT" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!keys[event.key] || (event.key.startsWith("Arrow") && event.target !== byId("map"))) return;
    event.preventDefault();
    keys[event.key]();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    readColours();
    for (const k of shown.links) graph.dropEdge("l" + k);
    for (const i of shown.nodes) graph.dropNode(String(i));
    shown.nodes = new Set(), shown.links = new Set();
    state.focus = -1;
    sigma.refresh();
  });
  searchBox(data, flyTo.node);
  new ResizeObserver(() => sigma.refresh()).observe(byId("map"));
  globalThis.networkMap = { data, sigma, shown, state, view, drawn, flyTo };
  document.documentElement.dataset.ready = Math.round(performance.now());
}

// The modules around a point of the screen, outermost first, as far as they are drawn.
const containing = (data, { x, y }) =>
  drawn.modules.filter((m) => Math.hypot(px(data.moduleX[m]) - x, py(data.moduleY[m]) - y) <= data.moduleRadius[m] * view.scale);

const fills = (data, m) => data.moduleRadius[m] * view.scale > 0.4 * Math.min(view.width, view.height);

// The outermost of them that does not fill the screen yet: the one a click enters.
const moduleAt = (data, at) => containing(data, at).find((m) => !fills(data, m)) ?? -1;

// The innermost module that fills the screen around its middle.
const focused = (data) => containing(data, { x: view.width / 2, y: view.height / 2 }).filter((m) => fills(data, m)).pop() ?? 0;

function grouped(data) {
  const groups = new Map();
  data.roadFrom.forEach((from, k) => groups.get(data.parent[from])?.push(k) ?? groups.set(data.parent[from], [k]));
  return groups;
}

function say(words) {
  byId("status").textContent = words;
  byId("status").className = "shown";
}

start().catch((error) => {
  say("This map could not be drawn: it needs WebGL 2 and a browser of 2023 or later.");
  throw error;
});
