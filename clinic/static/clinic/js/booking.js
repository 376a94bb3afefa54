// The booking panel by keyboard. Without this file every step is a link, a field or a button.

// Who: Enter takes the first match that is shown for what is typed; arrows walk the matches.
const who = document.querySelector("#who");
const matches = () => [...document.querySelectorAll("#found .foundone")];
document.querySelector("#whoform")?.addEventListener("submit", (event) => {
  const shown = document.querySelector("#found [data-answers]");
  const first = shown?.querySelector("[data-first]");
  if (!first || shown.dataset.answers !== who.value.trim()) return; // the answer is not here yet: the server decides
  event.preventDefault();
  first.click();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const list = matches();
  const place = event.target === who ? -1 : list.indexOf(event.target);
  if (!list.length || (place < 0 && event.target !== who)) return;
  event.preventDefault();
  const next = place + (event.key === "ArrowDown" ? 1 : -1);
  (next < 0 ? who : list[Math.min(next, list.length - 1)]).focus();
});

// When: what is typed while a time has the focus is a wish, "thu" or "after 4". Arrows and Enter belong to the radios.
const say = () => document.querySelector("#say");
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || !/^[\p{L}\p{N}]$/u.test(event.key)) return;
  if (!event.target.matches?.(".times input[type=radio]") || !say()) return;
  say().value = "";
  say().focus();
});
// In the form for a new patient Enter books; in this one field it asks for other times.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.id !== "say") return;
  const show = event.target.form?.querySelector("[name=show]");
  if (show) { event.preventDefault(); show.click(); }
});

// The letter that is chosen is the one that is filled in the calendar.
const mark = () => {
  const chosen = document.querySelector(".times input[type=radio]:checked")?.id.slice(-1);
  for (const slot of document.querySelectorAll(".beside .slot")) {
    slot.classList.toggle("on", slot.querySelector(".k")?.textContent.trim() === chosen);
  }
};
document.addEventListener("change", (event) => { if (event.target.matches(".times input[type=radio]")) mark(); });
document.addEventListener("htmx:afterSettle", mark);
mark();
