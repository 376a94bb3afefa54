// Where somebody signs in, no page of whoever was here before may still lie on the phone.
if (window.caches) {
  caches.keys().then((names) => names.filter((it) => it.startsWith("own-")).forEach((it) => caches.delete(it)));
}
// What somebody had begun to write is in this tab still, and goes back to where it was written once she is in again.
for (const note of document.querySelectorAll("[data-draft-kept]")) {
  note.hidden = !Object.keys(sessionStorage).some((key) => key.startsWith("draft:"));
}
