// Dragging a visit, and clicking on an empty time. Nothing is saved by letting go: the server answers with a line to
// confirm. Everything here can be done with the Move page and with New booking (WCAG 2.5.7). See ADR 0007.
(() => {
  const grid = document.getElementById("daygrid");
  const drop = document.getElementById("drop");
  if (!grid?.dataset.drop || !drop) return;
  const NOBODY = "00000000-0000-0000-0000-000000000000";
  const THRESHOLD = 6; // px; less is an unsteady click
  const QUARTER = 15 * 60; // s
  const EDGE = 8; // px above the lower edge of a visit: there its length is drawn, by mouse or pen
  const LONG_PRESS = 400; // ms; a finger that moves sooner scrolls, one that leaves sooner opens the visit
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: grid.dataset.zone });
  let drag = null;
  let pressed = null; // where the button went down: a click that began elsewhere means something else

  const rowsOf = (column) => Number(column.className.match(/rows(\d+)/)[1]);
  const moment = (row) => Number(grid.dataset.begins) + row * QUARTER;
  const said = (row) => clock.format(new Date(moment(row) * 1000));

  function rowAt(column, y, length = 1) {
    const box = column.getBoundingClientRect();
    const row = Math.floor(((y - box.top) / box.height) * rowsOf(column));
    return Math.min(Math.max(row, 0), rowsOf(column) - length);
  }

  function mark(kind, column, row, length, words) {
    let it = grid.querySelector(`.${kind}`);
    if (!it) { it = document.createElement("div"); it.setAttribute("aria-hidden", "true"); }
    it.className = `${kind} r${row} d${length}`;
    it.textContent = words;
    if (it.parentElement !== column) column.append(it);
  }

  function end() {
    grid.querySelector(".ghost")?.remove();
    drag?.card.classList.remove("dragged");
    clearTimeout(drag?.timer);
    delete document.body.dataset.dragging;
    drag = null;
  }

  grid.addEventListener("dragstart", (event) => event.preventDefault());
  document.addEventListener("pointerdown", (event) => { pressed = event.target; });
  grid.addEventListener("pointerdown", (event) => {
    const card = event.target.closest("a.appt[data-visit]");
    if (!card || event.button !== 0) return;
    const grabbed = event.clientY - card.getBoundingClientRect().top;
    const finger = event.pointerType === "touch";
    const edge = !finger && card.getBoundingClientRect().bottom - event.clientY < EDGE;
    drag = { card, grabbed, finger, edge, lifted: !finger, x: event.clientX, y: event.clientY, moved: false, row: null, column: null };
    if (finger) drag.timer = setTimeout(() => { drag.lifted = true; card.classList.add("dragged"); }, LONG_PRESS);
  });
  // Once the card is lifted the finger drags it; until then the page scrolls under it as ever.
  grid.addEventListener("touchmove", (event) => { if (drag?.finger && drag.lifted) event.preventDefault(); }, { passive: false });
  grid.addEventListener("contextmenu", (event) => { if (drag?.finger) event.preventDefault(); });
  document.addEventListener("pointercancel", end);

  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    if (!drag.moved && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < THRESHOLD) return;
    if (!drag.lifted) { end(); return; }
    drag.moved = true;
    document.body.dataset.dragging = "yes";
    drag.card.classList.add("dragged");
    const column = document.elementFromPoint(event.clientX, event.clientY)?.closest(".dg-col");
    if (!column) return;
    if (drag.edge) { stretch(event.clientY); return; }
    const length = Number(drag.card.dataset.rows);
    const half = column.getBoundingClientRect().height / rowsOf(column) / 2;
    drag.column = column;
    drag.row = rowAt(column, event.clientY - drag.grabbed + half, length);
    mark("ghost", column, drag.row, length, `${said(drag.row)} ${column.dataset.name}`);
  });

  // The lower edge goes to the nearest quarter hour; where the visit begins and with whom stays.
  function stretch(y) {
    const column = drag.card.parentElement;
    const first = Number(drag.card.className.match(/\br(\d+)/)[1]);
    const last = Math.max(rowAt(column, y), first);
    Object.assign(drag, { column, row: first, length: last - first + 1 });
    mark("ghost", column, first, drag.length, `${said(first)} ${drag.length * 15} min`);
  }

  document.addEventListener("pointerup", () => {
    if (!drag) return;
    const { card, finger, lifted, moved, column, row, length } = drag;
    end();
    if (!moved && !(finger && lifted)) return;
    // The click that follows would open the visit. It comes at once or, outside the card, not at all.
    const swallow = (event) => { event.preventDefault(); event.stopPropagation(); };
    addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", swallow, { capture: true }), 50);
    const stays = column === card.parentElement && card.classList.contains(`r${row}`);
    if (!column || (stays && (!length || length === Number(card.dataset.rows)))) return;
    drop.dataset.from = card.id;
    const address = grid.dataset.drop.replace(NOBODY, card.dataset.visit);
    htmx.ajax("GET", `${address}?at=${moment(row)}&to=${column.dataset.resource}${length ? `&minutes=${length * 15}` : ""}`, { target: drop, swap: "innerHTML" })
      .then(() => document.getElementById("drop-yes")?.focus());
  });

  function leave() {
    drop.replaceChildren();
    document.getElementById(drop.dataset.from)?.focus();
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (drag) end();
    else if (drop.childElementCount) leave();
  });
  drop.addEventListener("click", (event) => { if (event.target.closest("[data-drop-no]")) leave(); });

  grid.addEventListener("pointermove", (event) => {
    const column = event.target.closest(".dg-col");
    if (drag || !column || event.target !== column || !grid.dataset.book) { grid.querySelector(".here")?.remove(); return; }
    const row = rowAt(column, event.clientY);
    mark("here", column, row, 1, `+ ${said(row)}`);
  });
  grid.addEventListener("pointerleave", () => grid.querySelector(".here")?.remove());
  grid.addEventListener("click", (event) => {
    if (!event.target.matches(".dg-col") || pressed !== event.target || !grid.dataset.book) return;
    const column = event.target;
    const asked = new URLSearchParams({ day: grid.dataset.day, at: said(rowAt(column, event.clientY)), site: grid.dataset.site });
    asked.set(column.dataset.kind, column.dataset.resource);
    location.assign(`${grid.dataset.book}?${asked}`);
  });
})();
