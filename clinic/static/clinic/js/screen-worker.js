// Shows a message on the screen when it comes, also while no page of ours is open.
self.addEventListener("push", (event) => {
  if (!event.data) return;
  const { title, body, tag, lang, url } = event.data.json();
  // The same tag a second time takes the place of the first.
  event.waitUntil(self.registration.showNotification(title, { body, tag, lang, data: { url } }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const to = new URL(event.notification.data.url, self.location.origin);
  // Only ever a page of ours.
  if (to.origin === self.location.origin) event.waitUntil(self.clients.openWindow(to.href));
});
