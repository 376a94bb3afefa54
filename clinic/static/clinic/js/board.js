// Keys of the day grid: one tab stop, arrows between cards and columns, M to move. Every card is a link all the same.
(() => {
  const grid = document.getElementById("daygrid");
  if (!grid) return;
  const NOBODY = "00000000-0000-0000-0000-000000000000";
  let last = null;

  const cards = (within = grid) => [...within.querySelectorAll("a.appt")];
  const columns = () => [...grid.querySelectorAll(".dg-col")].map((column) => cards(column)).filter((found) => found.length);

  function rove() {
    const all = cards();
    const current = all.find((card) => card === document.activeElement) ?? all.find((card) => card.id === last) ?? all[0];
    for (const card of all) card.tabIndex = card === current ? 0 : -1;
    // What only works with this script is only said with it.
    const how = document.getElementById("how");
    if (how && grid.dataset.drop) how.hidden = false;
  }

  function beside(card, step) {
    const all = columns();
    const column = all[all.findIndex((found) => found.includes(card)) + step];
    const near = (other) => Math.abs(other.offsetTop - card.offsetTop);
    return column?.reduce((best, other) => (near(other) < near(best) ? other : best));
  }

  function aim(card, key) {
    const own = cards(card.parentElement);
    const at = own.indexOf(card);
    const rtl = document.dir === "rtl" ? -1 : 1;
    switch (key) {
      case "ArrowUp": return own[at - 1];
      case "ArrowDown": return own[at + 1];
      case "Home": return own[0];
      case "End": return own.at(-1);
      case "ArrowLeft": return beside(card, -rtl);
      case "ArrowRight": return beside(card, rtl);
      default: return null;
    }
  }

  grid.addEventListener("focusin", (event) => {
    const card = event.target.closest("a.appt");
    if (card) { last = card.id; rove(); }
  });

  grid.addEventListener("keydown", (event) => {
    const card = event.target.closest("a.appt");
    if (!card || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key.toLowerCase() === "m" && card.dataset.visit && grid.dataset.move) {
      event.preventDefault();
      location.assign(grid.dataset.move.replace(NOBODY, card.dataset.visit));
      return;
    }
    const next = aim(card, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
  });

  document.body.addEventListener("htmx:oobAfterSwap", rove);
  document.body.addEventListener("htmx:afterSettle", rove);
  rove();

  // In the afternoon the morning is not what is asked for: begin at the full hour before the last.
  const line = grid.querySelector(".nowline");
  if (line && line.offsetTop > grid.clientHeight * 0.6) {
    const hours = [...grid.querySelectorAll(".dg-time span")].filter((hour) => hour.offsetTop < line.offsetTop);
    grid.scrollTop = hours.at(-2)?.offsetTop ?? 0;
  }
})();
