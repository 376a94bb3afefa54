// Extras of the sheet that is signed. Without them it is read, the name is typed, and that is enough.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

const box = document.querySelector("[data-draw]");
const kept = document.querySelector('input[name="drawn"]');
if (box && kept) {
  const pad = box.querySelector("svg"), line = pad.querySelector("path");
  const MOST = 12000; // characters the clinic keeps
  let drawing = false;
  const at = (event) => {
    const frame = pad.getBoundingClientRect();
    const x = Math.min(300, Math.max(0, ((event.clientX - frame.left) / frame.width) * 300));
    const y = Math.min(100, Math.max(0, ((event.clientY - frame.top) / frame.height) * 100));
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  };
  const add = (letter, event) => {
    if (kept.value.length > MOST - 20) return;
    kept.value = `${kept.value}${letter}${at(event)} `;
    line.setAttribute("d", kept.value);
  };
  box.hidden = false;
  line.setAttribute("d", kept.value);
  pad.addEventListener("pointerdown", (event) => { drawing = true; pad.setPointerCapture(event.pointerId); add("M", event); });
  pad.addEventListener("pointermove", (event) => { if (drawing) add("L", event); });
  pad.addEventListener("pointerup", () => { drawing = false; });
  box.querySelector("[data-draw-clear]").addEventListener("click", () => { kept.value = ""; line.setAttribute("d", ""); });
}
