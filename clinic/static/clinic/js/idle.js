// Says two minutes before that nobody seems to be there, and asks whether to stay (WCAG 2.2.1). Whoever types or
// taps is there: the server, which sees no such thing, is told, and nobody is signed out in the middle of a sentence.
(() => {
  const note = document.querySelector("[data-idle]");
  if (!note) return;
  const WARN = 120; // seconds
  const TELL = 60; // seconds between two words to the server that somebody is there
  const limit = Number(note.dataset.idle);
  const others = window.BroadcastChannel ? new BroadcastChannel("seen") : null; // the other tabs of the same sign-in
  let since = Date.now(); // and not performance.now(), which sleeps when the phone does
  let touched = false;
  let isAsking = false;

  function seen() {
    since = Date.now();
    touched = false;
    note.hidden = true;
  }

  async function stay() {
    if (isAsking) return;
    isAsking = true;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      if (answer.redirected) { leave(); return; }
      seen();
      if (others) others.postMessage("seen");
    } catch {
      note.hidden = false; // no connection: asked again at the next look
    } finally {
      isAsking = false;
    }
  }

  // What was on the screen goes with the sign-in: the server has ended it by now.
  function leave() {
    document.querySelector("main").hidden = true;
    location.reload();
  }

  function look() {
    const gone = (Date.now() - since) / 1000;
    if (gone > limit + 5) leave();
    else if (gone >= TELL && touched) stay();
    else note.hidden = gone < limit - WARN;
  }

  setInterval(look, 5000);
  document.addEventListener("visibilitychange", look);
  for (const sign of ["keydown", "input", "pointerdown"]) {
    document.addEventListener(sign, () => { touched = touched || note.hidden; }, { passive: true });
  }
  note.querySelector("button").addEventListener("click", stay);
  document.addEventListener("htmx:afterRequest", seen);
  if (others) {
    others.addEventListener("message", seen);
    others.postMessage("seen");
  }
})();
