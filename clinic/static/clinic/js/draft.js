// What somebody types to the clinic is not lost on a bad line, nor by being signed out: kept in this tab until it is
// sent, for this person only.
(() => {
  const whose = document.body.dataset.keptFor;
  const placeOf = (path) => `draft:${whose}:${path}`;
  const arrived = document.querySelector("[data-draft-sent]"); // names the pages it was written on
  if (arrived) {
    for (const path of arrived.dataset.draftSent.split(" ")) sessionStorage.removeItem(placeOf(path));
    // Seen once: the same page loaded again must not take away what was begun since.
    history.replaceState(history.state, "", location.pathname + location.hash);
  }
  for (const leaving of document.querySelectorAll("form[data-leaves]")) {
    leaving.addEventListener("submit", () => {
      for (const key of Object.keys(sessionStorage)) if (key.startsWith("draft:")) sessionStorage.removeItem(key);
    });
  }
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const offline = form.querySelector("[data-draft-offline]");
  form.addEventListener("submit", (event) => {
    if (navigator.onLine || !offline) return;
    event.preventDefault();
    offline.hidden = false;
  });
  window.addEventListener("online", () => { if (offline) offline.hidden = true; });
  if (!whose) return; // a shared phone keeps nothing

  const place = placeOf(location.pathname);
  const isChosen = (field) => ["radio", "checkbox"].includes(field.type);
  const fields = [...form.elements].filter((it) => it.name && it.name !== "csrfmiddlewaretoken"
    && it.matches("textarea, select, input:not([type=file])"));
  const isBlank = fields.every((it) => (isChosen(it) ? !it.checked : it.type === "hidden" || it.matches("select") || !it.value));
  const kept = JSON.parse(sessionStorage.getItem(place) || "null");
  if (kept && isBlank) {
    for (const field of fields) {
      const said = kept.filter(([name]) => name === field.name).map(([, value]) => value);
      if (isChosen(field)) field.checked = said.includes(field.value);
      else if (said.length) field.value = said[0]; // a message's key as well: perhaps it had arrived after all
      if (field.checked && field.closest("details")) field.closest("details").open = true;
    }
  }
  form.addEventListener("input", () => {
    const said = fields.filter((it) => !isChosen(it) || it.checked).map((it) => [it.name, it.value]);
    sessionStorage.setItem(place, JSON.stringify(said));
  });
})();
