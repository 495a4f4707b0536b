// Nodes found by a part of their name: those that start with it first, then in order of flow.
function searchBox(data, flyToNode) {
  const input = byId("query"), list = byId("found"), most = 8;
  const plain = (text) => text.normalize("NFKC").toLowerCase();
  let names = null, found = [], chosen = 0;

  function find(query) {
    names ??= data.names.map(plain);
    const wanted = plain(query.trim()), starting = [], holding = [];
    if (!wanted) return [];
    for (let i = 0; i < names.length; i++) {
      const at = names[i].indexOf(wanted);
      if (at === 0) starting.push(i);
      else if (at > 0) holding.push(i);
    }
    const rank = (i) => (names[i] === wanted ? 1 : 0);
    const best = (all) => all.sort((a, b) => rank(b) - rank(a) || data.nodeFlow[b] - data.nodeFlow[a]).slice(0, most);
    return [...best(starting), ...best(holding)].slice(0, most);
  }

  function show() {
    found = find(input.value);
    chosen = 0;
    const options = found.map((i, k) => {
      const option = element("li", { role: "option", id: `found-${k}`, "aria-selected": k === 0 },
        element("span", { class: "name", dir: "auto" }, data.names[i]), element("span", { class: "path" }, data.pathOfNode(i)), element("span", { class: "share" }, percent(data.nodeFlow[i])));
      option.onpointerdown = (event) => { event.preventDefault(); choose(k); go(); };
      return option;
    });
    const asked = input.value.trim() !== "";
    if (asked && !found.length) options.push(element("li", { class: "none" }, "no node has this in its name"));
    list.replaceChildren(...options);
    open(asked);
  }

  function open(is) {
    list.hidden = !is;
    input.setAttribute("aria-expanded", is);
    if (is && found.length) input.setAttribute("aria-activedescendant", `found-${chosen}`);
    else input.removeAttribute("aria-activedescendant");
  }

  function choose(k) {
    chosen = (k + found.length) % found.length;
    [...list.children].forEach((option, j) => option.setAttribute("aria-selected", j === chosen));
    open(true);
  }

  function go() {
    if (!found.length) return;
    input.value = data.names[found[chosen]];
    open(false);
    byId("status").textContent = `${input.value}: flow ${percent(data.nodeFlow[found[chosen]])}, path ${data.pathOfNode(found[chosen])}`;
    flyToNode(found[chosen]);
    if (matchMedia("(max-width: 720px)").matches) input.blur();
  }

  input.oninput = show;
  input.onfocus = () => input.value && show();
  input.onblur = () => open(false);
  input.onkeydown = (event) => {
    if (event.key === "ArrowDown" && found.length) choose(list.hidden ? chosen : chosen + 1);
    else if (event.key === "ArrowUp" && found.length) choose(chosen - 1);
    else if (event.key === "Enter") go();
    else if (event.key === "Escape") list.hidden ? input.blur() : open(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
}
