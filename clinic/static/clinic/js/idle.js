// Says two minutes before that nobody seems to be there, and asks whether to stay (WCAG 2.2.1).
const note = document.querySelector("[data-idle]");
if (note) {
  const WARN = 120; // seconds
  const limit = Number(note.dataset.idle);
  let since = performance.now();
  const look = () => {
    const gone = (performance.now() - since) / 1000;
    note.hidden = gone < limit - WARN;
    // What was on the screen goes with the sign-in: the server has ended it by now.
    if (gone > limit + 5) location.reload();
  };
  setInterval(look, 5000);
  note.querySelector("button").addEventListener("click", async () => {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (answer.redirected) { location.reload(); return; }
    since = performance.now();
    look();
  });
  document.addEventListener("htmx:afterRequest", () => { since = performance.now(); });
}
