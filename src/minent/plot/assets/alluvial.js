const main = document.querySelector("main"), paths = [...document.querySelectorAll("path")];
const labels = [...document.querySelectorAll("li")];

function fit() {  // a label stands where there is room for it; larger modules come first
  for (const list of document.querySelectorAll("ol")) {
    const byHeight = [...list.children].sort((a, b) => b.dataset.height - a.dataset.height), line = parseFloat(getComputedStyle(list).fontSize) * 1.3, taken = [];
    for (const item of byHeight) {
      const middle = parseFloat(item.style.top) / 100 * main.clientHeight;
      const lines = item.dataset.height * main.clientHeight / line;
      item.classList.toggle("low", lines < 2.2);
      item.classList.toggle("tall", lines > 4.5);
      const half = lines < 2.2 ? line / 2 : lines > 4.5 ? 2 * line : 0.95 * line;
      item.hidden = taken.some(([from, to]) => middle - half < to && middle + half > from);
      if (!item.hidden) taken.push([middle - half, middle + half]);
    }
  }
}

function choose(item) {
  main.classList.toggle("chosen", Boolean(item));
  const bar = item?.dataset.bar;
  for (const path of paths) path.classList.toggle("on", Boolean(bar) && (path.dataset.left === bar || path.dataset.right === bar));
}

for (const item of labels) {
  item.title = `${item.children[0].textContent} (${item.children[1].textContent})`;
  for (const event of ["pointerenter", "focus"]) item.addEventListener(event, () => choose(item));
  for (const event of ["pointerleave", "blur"]) item.addEventListener(event, () => choose(null));
}
addEventListener("resize", fit);
fit();
