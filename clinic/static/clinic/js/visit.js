// The follow-up page keeps itself. Without this script every field and button still works through "Save".
const place = (id) => document.getElementById(id);
const form = () => place("followup");
const SOON = 400, AFTER_TYPING = 1200, TRY_AGAIN = 5000; // milliseconds
let timer = 0, dirty = false, offline = false, signedOut = false;
let sending = false; // what is on its way may still not arrive
// While a pressed button redraws the page: what is tapped and pressed meanwhile, by id, to be put into the new page.
let redrawing = false, pressed = null;
const meanwhile = new Map();

function say(key) {
  const status = place("fu-status"), kept = status?.querySelector("[data-kept]");
  if (kept && status.dataset[key]) kept.textContent = status.dataset[key];
}

function keepIn(wait) {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    if (signedOut && !await isBack()) { keepIn(TRY_AGAIN); return; }
    if (form() && !redrawing) htmx.trigger("#autosave", "keep");
  }, wait);
}

// Somebody who was signed out signs in again in another tab: this page stays, and goes on with the token it has then.
async function isBack() {
  const answer = await fetch(location.href, { headers: { "X-Unattended": "yes" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return false;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[name=csrfmiddlewaretoken]");
  if (!fresh) return false;
  for (const token of document.querySelectorAll("[name=csrfmiddlewaretoken]")) token.value = fresh.value;
  signedOut = false;
  return true;
}
function stay(why) {
  dirty = true;
  redrawing = false;
  pressed = null;
  meanwhile.clear(); // it is on the page, which was not redrawn
  say(why);
  keepIn(TRY_AGAIN);
}

function changed(event) {
  if (!event.target.closest("#followup") || event.target.closest("[data-quiet]")) return;
  dirty = true;
  if (redrawing) { meanwhile.set(event.target.id, { checked: event.target.checked, value: event.target.value }); return; }
  if (!offline && !signedOut) say("waiting");
  keepIn(event.type === "input" && event.target.matches("textarea, input:not([type=radio]):not([type=checkbox])") ? AFTER_TYPING : SOON);
}
document.addEventListener("input", changed);
document.addEventListener("change", changed);

// A pressed button sends the whole form: what the timer would have sent goes with it.
document.addEventListener("submit", (event) => {
  if (event.target !== form()) return;
  clearTimeout(timer);
  if (!redrawing) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  pressed = event.submitter && { name: event.submitter.name, value: event.submitter.value };
}, true);
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id === "autosave") { dirty = false; sending = true; }
  if (event.target === form()) redrawing = true;
});

function putBack() {
  if (!redrawing) return;
  redrawing = false;
  for (const [id, { checked, value }] of meanwhile) {
    const field = place(id);
    if (!field) continue;
    if (field.matches("[type=radio], [type=checkbox]")) field.checked = checked; else field.value = value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  meanwhile.clear();
  const again = pressed && form()?.querySelector(`button[name="${CSS.escape(pressed.name)}"][value="${CSS.escape(pressed.value)}"]`);
  pressed = null;
  again?.click();
}
const ours = (event) => event.target.id === "autosave" || event.target === form();
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (!ours(event)) return;
  const xhr = event.detail.xhr;
  const to = xhr.getResponseHeader("HX-Redirect") ?? xhr.responseURL;
  if (to.includes("/signin")) { event.preventDefault(); signedOut = true; stay("signedOut"); return; }
  offline = false;
  // Refused, or a number that cannot be: nothing of it is kept yet, and leaving the page would lose it.
  if (xhr.responseText.includes("data-unkept")) dirty = true;
  else if (event.target === form()) dirty = false;
});
document.addEventListener("htmx:afterRequest", (event) => { if (event.target.id === "autosave") sending = false; });
for (const trouble of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(trouble, (event) => {
    if (!ours(event)) return;
    signedOut = event.detail.xhr?.status === 403;
    offline = !signedOut;
    stay(signedOut ? "signedOut" : "offline");
  });
}
window.addEventListener("online", () => { if (dirty && form()) keepIn(0); });
window.addEventListener("beforeunload", (event) => { if (dirty || sending) event.preventDefault(); });

// What is being asked stays as it is while it is being answered: drawn anew only when something else is asked.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const fresh = event.detail.fragment?.firstElementChild;
  if (fresh?.dataset.key !== undefined && fresh.dataset.key === event.target.dataset.key) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); document.querySelector("[data-sign]")?.click(); }
});

// A second tap takes an answer back: untouched is "not asked", and a slip must be able to become that again.
let wasOn = null;
document.addEventListener("pointerdown", (event) => {
  const radio = event.target.closest("#followup label")?.querySelector("input[type=radio]");
  wasOn = radio?.checked ? radio : null;
});
document.addEventListener("click", (event) => {
  if (wasOn && event.target === wasOn) {
    wasOn.checked = false;
    wasOn.dispatchEvent(new Event("change", { bubbles: true }));
    wasOn = null;
  }
});

// Steppers: empty is "not measured"; the first tap starts at the last value and only then counts.
document.addEventListener("click", (event) => {
  const button = event.target.closest(".stepper [data-less], .stepper [data-more]");
  if (!button) return;
  const stepper = button.parentElement, field = stepper.querySelector("input");
  const { start, step, most } = stepper.dataset;
  const by = button.hasAttribute("data-more") ? Number(step) : -Number(step);
  const value = field.value === "" ? Number(start) : Number(field.value) + by;
  field.value = Math.min(Math.max(value, 0), Number(most));
  field.dispatchEvent(new Event("change", { bubbles: true }));
});
document.addEventListener("change", (event) => {
  const cell = event.target.closest(".moves tr")?.querySelector("[data-change]");
  if (!cell) return;
  const now = event.target.value, before = cell.dataset.before;
  if (now === "") cell.textContent = cell.dataset.notDone;
  else if (before === "") cell.textContent = "";
  else { const by = Number(now) - Number(before); cell.textContent = `${by < 0 ? "−" : "+"}${Math.abs(by)}°`; }
});

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-copy-note]")) return;
  const note = document.querySelector("#note textarea");
  note.value = [...document.querySelectorAll("#fu-note p")].map((it) => it.textContent).join("\n");
  note.focus();
  note.dispatchEvent(new Event("change", { bubbles: true }));
});

// What was unfolded stays unfolded when the page is redrawn.
let unfolded = [];
const folds = () => [...document.querySelectorAll("#visit-page details")];
const words = (fold) => fold.querySelector("summary")?.textContent.trim();
document.addEventListener("htmx:beforeSwap", (event) => { if (event.detail.target?.id === "visit-page") unfolded = folds().filter((it) => it.open).map(words); });
function reopen() {
  for (const fold of folds()) if (unfolded.includes(words(fold))) fold.open = true;
  unfolded = [];
}

function dress() {
  for (const hidden of document.querySelectorAll(".stepper button[hidden], [data-copy-note][hidden]")) hidden.hidden = false;
}
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "visit-page") return; // other parts of the page load by themselves
  dress();
  reopen();
  putBack();
});
dress();

// A tap on the drawing is a tap on "more" of that place's number; the list of words beside it says the same.
document.addEventListener("click", (event) => {
  const region = event.target.closest("[data-painmap] [data-region]");
  if (!region) return;
  const row = document.querySelector(`[data-place-row="${CSS.escape(region.dataset.region)}"]`);
  if (!row) return;
  for (let fold = row.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  row.querySelector("[data-more]").click();
});
