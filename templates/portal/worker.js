// Keeps what the pages look like, and the patient's own pages of today for when there is no connection.
// Personal pages lie in one store only, named after the record that is open. They go with the sign-out, with another
// record, and with the first answer that asks to sign in.
const DRESS = "dress-{{ version }}";
const FILES = [{% for file in files %}"{{ file|escapejs }}"{% if not forloop.last %}, {% endif %}{% endfor %}];
const TODAY = "{{ today|escapejs }}";
const EXERCISES = "{{ exercises|escapejs }}";
const OFFLINE = "{{ offline|escapejs }}";
const OWN = "own-";
const PATIENCE = 6000; // milliseconds until a kept page is better than none
const KEPT = 24 * 60 * 60 * 1000; // it is a page of today

self.addEventListener("install", (event) => {
  // Without cookies: what is kept for everybody must be drawn for nobody.
  const bare = FILES.map((file) => new Request(file, { credentials: "omit", cache: "no-cache" }));
  event.waitUntil(caches.open(DRESS).then((store) => store.addAll(bare)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(caches.keys()
    .then((names) => Promise.all(names.filter((it) => it.startsWith("dress-") && it !== DRESS).map((it) => caches.delete(it))))
    .then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (new URL(request.url).origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (request.method === "GET" && FILES.includes(new URL(request.url).pathname)) event.respondWith(dress(request));
});

// The first page came before there was a worker to keep it.
self.addEventListener("message", (event) => {
  const path = String(event.data && event.data.keep);
  if (isKept(path)) event.waitUntil(fetch(path, { redirect: "manual" }).then((answer) => answer.ok && keep(path, answer)));
});

async function dress(request) {
  return (await caches.match(request, { cacheName: DRESS })) || fetch(request);
}

async function page(request) {
  const { pathname, search } = new URL(request.url);
  const isOurs = request.method === "GET" && !search && isKept(pathname);
  const kept = isOurs ? await lookUp(pathname) : undefined;
  try {
    const answer = await (kept ? Promise.race([fetch(request), tooLong()]) : fetch(request));
    if (isOurs && answer.type === "opaqueredirect") await forget(); // to sign in, or to say for whom
    else if (isOurs && answer.ok) await keep(pathname, answer.clone());
    return answer;
  } catch {
    return kept || (await caches.match(OFFLINE, { cacheName: DRESS })) || Response.error();
  }
}

function tooLong() {
  return new Promise((_done, fail) => setTimeout(() => fail(new Error("too long")), PATIENCE));
}

function isKept(path) {
  return path === TODAY || (path.startsWith(EXERCISES) && !path.endsWith(".pdf"));
}

// The page itself says whose it is; a page that says nothing (a shared phone) is not kept.
async function keep(path, answer) {
  const html = await answer.text();
  const whose = /<body[^>]* data-kept-for="([0-9a-f]{32})"/.exec(html);
  await forget(whose ? OWN + whose[1] : "");
  if (!whose) return;
  const headers = { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "X-Kept-At": String(Date.now()) };
  // What the page may do stays as strict as when it came.
  for (const name of ["Content-Security-Policy", "Referrer-Policy", "X-Frame-Options", "X-Content-Type-Options"]) {
    if (answer.headers.has(name)) headers[name] = answer.headers.get(name);
  }
  await (await caches.open(OWN + whose[1])).put(path, new Response(html, { headers }));
}

async function lookUp(path) {
  for (const name of await caches.keys()) {
    const found = name.startsWith(OWN) && await caches.match(path, { cacheName: name });
    if (found && Date.now() - Number(found.headers.get("X-Kept-At")) < KEPT) return found;
  }
  return undefined;
}

async function forget(except) {
  const names = await caches.keys();
  await Promise.all(names.filter((it) => it.startsWith(OWN) && it !== except).map((it) => caches.delete(it)));
}
