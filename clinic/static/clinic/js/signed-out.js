// Where somebody signs in, nothing of who was here before may still lie on the phone.
if (window.caches) {
  caches.keys().then((names) => names.filter((it) => it.startsWith("own-")).forEach((it) => caches.delete(it)));
}
