// What somebody types to the clinic is not lost on a bad line: kept in this tab until it is sent, for this person only.
(() => {
  const whose = document.body.dataset.keptFor;
  const form = document.querySelector("form[data-draft]");
  const forget = () => {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith("draft:")) sessionStorage.removeItem(key);
  };
  if (document.querySelector("[data-draft-sent]")) forget();
  for (const leaving of document.querySelectorAll("form[data-leaves]")) leaving.addEventListener("submit", forget);
  const text = form && form.querySelector("textarea");
  const key = form && form.querySelector("input[name=key]");
  if (!text || !key) return;
  const offline = form.querySelector("[data-draft-offline]");
  form.addEventListener("submit", (event) => {
    if (navigator.onLine) return;
    event.preventDefault();
    offline.hidden = false;
  });
  window.addEventListener("online", () => { offline.hidden = true; });
  if (!whose) return; // a shared phone keeps nothing
  const place = `draft:${whose}:${location.pathname}`;
  const kept = JSON.parse(sessionStorage.getItem(place) || "null");
  if (kept && !text.value) {
    text.value = kept.text;
    key.value = kept.key; // the same key: perhaps it had arrived after all
  }
  text.addEventListener("input", () => {
    sessionStorage.setItem(place, JSON.stringify({ text: text.value, key: key.value }));
  });
})();
