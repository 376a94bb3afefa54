// The undo bar counts down, and leaves when its time is over.
(() => {
  const ends = new WeakMap();
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

  function draw() {
    const bar = document.querySelector(".undobar");
    if (!bar) return;
    if (!ends.has(bar)) ends.set(bar, performance.now() + Number(bar.dataset.left) * 1000);
    const left = Math.ceil((ends.get(bar) - performance.now()) / 1000);
    if (left <= 0) { bar.remove(); return; }
    bar.querySelector("[data-clock]").textContent = clock(left);
  }

  setInterval(draw, 1000);
  document.addEventListener("htmx:afterSettle", draw);
})();
