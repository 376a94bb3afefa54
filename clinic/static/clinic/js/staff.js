// Keys for the desk (F1 keys, F2 find, F6 undo bar, F8 new booking). Everything they do is also a link or a field.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  const target = document.querySelector(`[data-key="${event.key}"]`);
  // A sheet that lies on the page is closed by Escape first.
  if (!target || (event.key === "Escape" && document.querySelector("dialog[open]"))) return;
  event.preventDefault();
  if (target.matches("input, select, textarea, [tabindex]")) { target.focus(); target.select?.(); } else { target.click(); }
});

// A sheet that lies on the page; where no script runs the link leads to it.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-sheet]");
  const sheet = opener && document.getElementById(opener.dataset.sheet);
  if (!sheet) return;
  event.preventDefault();
  if (sheet.open) sheet.close(); else sheet.showModal();
});

// A form is sent once: a second click while the first is on its way does nothing.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  if (event.target.dataset.sent) { event.preventDefault(); return; }
  event.target.dataset.sent = "yes";
  event.target.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) { delete form.dataset.sent; form.removeAttribute("aria-busy"); }
});

// A search while typing, or a part of a page that was asked for, got no answer: that is said, and what is typed stays.
// A note on a visit says it itself; what the page asks for on its own account (X-Unattended) is nobody's trouble.
const unanswered = (isSo) => {
  const bar = document.getElementById("unanswered");
  if (bar) bar.textContent = isSo ? bar.dataset.words : "";
};
const isAskedByHand = (event) => !event.detail.requestConfig.headers["X-Unattended"] && !event.target.matches("#autosave, #followup");
for (const trouble of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(trouble, (event) => {
    const { status } = event.detail.xhr;
    const isRefusal = status >= 400 && status < 500 && status !== 429;
    if (!isRefusal && isAskedByHand(event)) unanswered(true);
  });
}
// Only an answer to what was asked by hand: another part of the page that comes late says nothing about the search.
document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful && isAskedByHand(event)) unanswered(false); });

// An error summary takes the focus, so that it is read and found.
document.querySelector("[data-takes-focus]")?.focus();
