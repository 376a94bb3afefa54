// Turns messages on this phone's or computer's screen on: the browser asks, and gives us where to send them.
(() => {
  const box = document.querySelector("[data-screen]");
  const form = box.querySelector("form");
  const say = (what) => {
    box.querySelector("[data-said]").textContent = box.querySelector(`[data-words="${what}"]`).textContent;
    form.hidden = what === "on" || what === "unable";
  };
  const coded = (raw) => btoa(String.fromCharCode(...new Uint8Array(raw))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const decoded = (said) => Uint8Array.from(atob(said.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const digest = async (text) => Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
    (byte) => byte.toString(16).padStart(2, "0")).join("");

  // As somebody tells their own devices apart; browsers say no more than this without being asked.
  function device() {
    const says = navigator.userAgent;
    const first = (...pairs) => (pairs.find(([sign]) => says.includes(sign)) || ["", ""])[1];
    const browser = first(["Firefox", "Firefox"], ["Edg", "Edge"], ["Chrome", "Chrome"], ["Safari", "Safari"]);
    const system = first(["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Mac", "Mac"], ["Windows", "Windows"], ["Linux", "Linux"]);
    return [browser, system].filter(Boolean).join(", ");
  }

  async function subscription(worker) {
    const own = { userVisibleOnly: true, applicationServerKey: decoded(box.dataset.key) };
    try {
      return await worker.pushManager.subscribe(own);
    } catch (problem) {
      if (problem.name !== "InvalidStateError") throw problem;
      // Made when the clinic had another key: nobody can write to it any more.
      await (await worker.pushManager.getSubscription()).unsubscribe();
      return worker.pushManager.subscribe(own);
    }
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      if ((await Notification.requestPermission()) !== "granted") { say("denied"); return; }
      await navigator.serviceWorker.register(box.dataset.worker);
      const found = await subscription(await ready());
      form.elements.endpoint.value = found.endpoint;
      form.elements.public_key.value = coded(found.getKey("p256dh"));
      form.elements.auth_secret.value = coded(found.getKey("auth"));
      form.elements.device.value = device();
      form.submit();
    } catch {
      say("failed");
    }
  });

  // Its scope is where it lies, so no page waits for it: `serviceWorker.ready` would never come.
  async function ready() {
    const registration = await navigator.serviceWorker.getRegistration(box.dataset.worker);
    const worker = registration.active || registration.installing || registration.waiting;
    if (worker.state !== "activated") {
      await new Promise((done) => worker.addEventListener("statechange", () => worker.state === "activated" && done()));
    }
    return registration;
  }

  async function begin() {
    if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) { say("unable"); return; }
    if (Notification.permission === "denied") { say("denied"); return; }
    const registration = await navigator.serviceWorker.getRegistration(box.dataset.worker);
    const found = registration && await registration.pushManager.getSubscription();
    const known = found && document.querySelector(`[data-endpoint="${await digest(found.endpoint)}"]`);
    say(known ? "on" : "off");
  }

  begin().catch(() => say("unable"));
})();
