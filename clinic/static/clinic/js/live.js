// Another desk's change shows within three seconds. A page that nobody looks at does not ask; one that asks does not
// keep its user signed in (X-Unattended). Without this script the page is as true as its last reload.
(() => {
  const EVERY = 1500; // ms; with the question and the answer it stays under three seconds
  const PATIENCE = 3; // questions without an answer until the page says so
  const live = document.getElementById("live");
  const stale = document.getElementById("stale");
  if (!live) return;
  let asking = false;
  let unanswered = 0;

  const version = () => document.querySelector("[data-version]")?.dataset.version ?? "";
  const renew = () => {
    // A day that was closed has no grid or list to be swapped.
    if (document.getElementById("grid") || document.getElementById("lines")) htmx.trigger(live, "renew");
    else location.reload();
  };

  async function ask() {
    if (asking || document.hidden || document.body.dataset.dragging) return;
    asking = true;
    try {
      const headers = { "HX-Request": "true", "HX-Current-URL": location.href, "X-Unattended": "yes" };
      const answer = await fetch(`${live.dataset.pulse}&v=${version()}`, { headers, cache: "no-store" });
      const elsewhere = answer.headers.get("HX-Redirect");
      if (elsewhere) location.assign(elsewhere);
      else if (answer.status === 200) renew();
      else if (answer.status !== 204) throw new Error(answer.status);
      unanswered = 0;
      stale.textContent = "";
    } catch {
      unanswered += 1;
      if (unanswered === PATIENCE) stale.textContent = stale.dataset.words;
    } finally {
      asking = false;
    }
  }

  setInterval(ask, EVERY);
  document.addEventListener("visibilitychange", ask);
})();
