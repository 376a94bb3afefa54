// The patient's pages on a phone with a bad connection. A tap shows at once, is kept until the clinic has answered it,
// and carries a key: sent twice it counts once. Without this file each button is a form that the server answers.
(() => {
  const body = document.body;
  const whose = body.dataset.keptFor || "";
  const name = `taps:${whose}`;
  // Where nothing may be kept (a phone that others use too), a tap lives as long as its tab.
  const store = whose ? localStorage : sessionStorage;
  const LONGEST = 7 * 24 * 60 * 60 * 1000;
  const PATIENCE = 15000;
  const AGAIN = 20000;
  const banner = document.querySelector("[data-offline]");
  let isSending = false;
  let isAskedAgain = false; // while one was on its way, such as by a connection that came back
  let isWaiting = false; // until the next page: this one may no longer speak for anybody

  function kept() {
    try { return JSON.parse(store.getItem(name)) || []; } catch { return []; }
  }

  function keep(taps) {
    if (taps.length) store.setItem(name, JSON.stringify(taps)); else store.removeItem(name);
  }

  const place = (tap) => document.getElementById(tap.target);

  // ---- what a tap looks like before the clinic has answered it

  function press(button, isOn) {
    button.setAttribute("aria-pressed", String(isOn));
    button.classList.toggle(button.classList.contains("donebtn") ? "is" : "on", isOn);
  }

  // Wherever the same exercise stands: on the page of today, and on its own.
  function show(tap) {
    for (const form of document.querySelectorAll("[data-day] form[data-tap]")) {
      if (form.closest("[data-day]").dataset.day !== tap.on) continue;
      if (tap.isAll && form.dataset.tap === "all") form.hidden = true;
      else if (tap.isAll && form.dataset.tap === "one") look(form, { do: "tick" });
      else if (!tap.isAll && form.getAttribute("action") === tap.url) look(form, tap.said);
    }
  }

  function look(form, said) {
    const done = form.querySelector("button.donebtn");
    if (done) {
      const isOn = said.do !== "undo";
      const was = done.getAttribute("aria-pressed") === "true";
      if (isOn !== was) {
        press(done, isOn);
        done.value = isOn ? "undo" : "tick";
        const words = done.querySelector("[data-shown]");
        words.textContent = isOn ? done.dataset.done : done.dataset.todo;
        for (const more of form.querySelectorAll("[data-once-done]")) more.hidden = !isOn;
      }
    }
    for (const part of ["feeling", "pain"]) {
      if (said[part] === undefined) continue;
      for (const button of form.querySelectorAll(`button[name=${part}]`)) press(button, button.value === said[part]);
    }
  }

  function tell() {
    if (!banner) return;
    const isLost = !navigator.onLine;
    const isUnsent = kept().some((tap) => tap.tries > 0);
    banner.hidden = !(isLost || isUnsent);
    const words = isLost ? banner.dataset.words : banner.dataset.unsent;
    if (!banner.hidden && banner.textContent !== words) banner.textContent = words;
  }

  // ---- taking a tap

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-leaves]")) { leave(event, form); return; }
    const there = form.matches("form[data-tap]") && form.closest("[data-day]");
    if (!there) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const said = {};
    for (const [field, value] of new FormData(form, event.submitter)) if (field !== "csrfmiddlewaretoken") said[field] = value;
    const tap = { key: newKey(), url: form.getAttribute("action"), said, on: there.dataset.day, target: there.id,
      isAll: form.dataset.tap === "all", at: Date.now(), tries: 0 };
    const before = kept();
    // Taken back before it was ever sent: nobody need hear of either.
    const last = before.findLastIndex((it) => it.url === tap.url && it.said.do === "tick");
    const isTakenBack = said.do === "undo" && last >= 0 && before.slice(last).every((it) => it.url !== tap.url || it.tries === 0);
    keep(isTakenBack ? before.filter((it, nth) => nth < last || it.url !== tap.url) : [...before, tap]);
    show(tap);
    send();
  }, true);

  function newKey() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  // ---- sending, one after the other and each until it is answered

  async function send() {
    if (isSending || isWaiting) { isAskedAgain = isSending; return; }
    isSending = true;
    try {
      // Of two open pages one sends: the other would only send the same again.
      if (navigator.locks) await navigator.locks.request(name, { ifAvailable: true }, (lock) => lock && sendAll());
      else await sendAll();
    } finally {
      isSending = false;
      tell();
    }
    if (isAskedAgain) { isAskedAgain = false; await send(); }
  }

  async function sendAll() {
    let tap = next();
    while (tap) {
      const [verdict, html] = await sent(tap);
      if (verdict === "keep") { keep(kept().map((it) => (it.key === tap.key ? { ...it, tries: it.tries + 1 } : it))); return; }
      keep(kept().filter((it) => it.key !== tap.key));
      if (verdict === "counted") draw(tap, html); else dropped();
      tap = next();
    }
  }

  function next() {
    const all = kept();
    const fresh = all.filter((it) => Date.now() - it.at < LONGEST);
    if (fresh.length < all.length) keep(fresh);
    return fresh[0];
  }

  async function sent(tap) {
    const headers = { "HX-Request": "true", "X-CSRFToken": JSON.parse(body.getAttribute("hx-headers"))["X-CSRFToken"] };
    const patience = new AbortController();
    const bell = setTimeout(() => patience.abort(), PATIENCE);
    try {
      const answer = await fetch(tap.url, { method: "POST", headers, redirect: "manual", keepalive: true, signal: patience.signal,
        body: new URLSearchParams({ ...tap.said, tap: tap.key, on: tap.on }) });
      if (answer.status === 200) return ["counted", await answer.text()];
      // Somebody has to sign in first, or this page is too old to be believed: the next page sends it.
      if (answer.type === "opaqueredirect" || answer.status === 204 || answer.status === 403) { isWaiting = true; return ["keep", ""]; }
      return [answer.status >= 500 || answer.status === 429 ? "keep" : "dropped", ""];
    } catch {
      return ["keep", ""];
    } finally {
      clearTimeout(bell);
    }
  }

  function draw(tap, html) {
    const there = place(tap);
    if (!there || there.dataset.day !== tap.on) return;
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const taken = fresh.getElementById(tap.target);
    if (!taken) return;
    const focused = there.contains(document.activeElement) ? document.activeElement.id : "";
    const said = fresh.querySelector("[data-said]");
    there.replaceWith(taken);
    if (window.htmx) window.htmx.process(taken);
    for (const waiting of kept()) show(waiting);
    if (focused) (document.getElementById(focused) || taken.querySelector("button, a"))?.focus({ preventScroll: true });
    const speaker = document.getElementById("said");
    if (said && speaker) speaker.textContent = said.textContent;
  }

  function dropped() {
    if (banner) { banner.hidden = false; banner.textContent = banner.dataset.dropped; }
  }

  // ---- leaving: what is unsent goes first, then nothing stays on the phone

  function leave(event, form) {
    event.preventDefault();
    event.stopImmediatePropagation();
    const patience = new Promise((done) => setTimeout(done, 3000));
    const gone = Promise.race([send(), patience]).then(async () => {
      for (const each of [localStorage, sessionStorage]) {
        for (const key of Object.keys(each)) if (key.startsWith("taps:")) each.removeItem(key);
      }
      if (window.caches) {
        const names = (await caches.keys()).filter((it) => it.startsWith("own-"));
        await Promise.all(names.map((it) => caches.delete(it)));
      }
    });
    gone.catch(() => {}).then(() => form.submit());
  }

  // ---- beginning

  if ("serviceWorker" in navigator && body.dataset.worker) {
    const isFirst = !navigator.serviceWorker.controller;
    navigator.serviceWorker.register(body.dataset.worker, { scope: "/me/" }).then(() => navigator.serviceWorker.ready)
      .then(({ active }) => { if (isFirst && whose) active.postMessage({ keep: location.pathname }); }).catch(() => {});
  }
  for (const tap of kept()) show(tap);
  tell();
  send();
  addEventListener("online", () => { tell(); send(); });
  addEventListener("offline", tell);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
  setInterval(() => { if (kept().length) send(); }, AGAIN);
})();
