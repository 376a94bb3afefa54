// Dragging a visit of a proposed plan to another day. Nothing is saved by letting go: the page is asked for again with
// that day, which can be typed in the list as well (WCAG 2.5.7).
(() => {
  const drawing = document.querySelector("svg[data-day]");
  if (!drawing) return;
  const DAY = 24 * 60 * 60 * 1000; // ms
  const language = document.documentElement.lang;
  const said = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
  let drag = null;

  // Wall clocks are moved as if they were UTC, so that the hour stays the same over a change of clocks.
  const moved = (at, days) => new Date(Date.parse(`${at}Z`) + days * DAY);

  function end() {
    if (!drag) return;
    drag.mark.removeAttribute("transform");
    drag.number.textContent = drag.ordinal;
    drag.mark.classList.remove("dragged");
    drag = null;
  }

  drawing.addEventListener("pointerdown", (event) => {
    const mark = event.target.closest("g[data-session]");
    if (!mark || event.button !== 0) return;
    const number = mark.querySelector("text");
    drag = { mark, number, ordinal: number.textContent, x: event.clientX, days: 0 };
    mark.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  drawing.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const day = Number(drawing.dataset.day);
    drag.days = Math.round((event.clientX - drag.x) / drawing.getScreenCTM().a / day);
    drag.mark.setAttribute("transform", `translate(${drag.days * day} 0)`);
    drag.number.textContent = drag.days ? said.format(moved(drag.mark.dataset.at, drag.days)) : drag.ordinal;
    drag.mark.classList.toggle("dragged", drag.days !== 0);
  });
  drawing.addEventListener("pointerup", () => {
    if (!drag) return;
    const { mark, days } = drag;
    const typed = document.getElementsByName(`at.${mark.dataset.session}`)[0];
    if (!days || !typed) { end(); return; }
    typed.value = moved(mark.dataset.at, days).toISOString().slice(0, 16);
    drag = null; // it stays where it was let go until the answer comes
    typed.form.requestSubmit();
  });
  drawing.addEventListener("pointercancel", end);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") end(); });
})();
