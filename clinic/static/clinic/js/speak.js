// Reads a page out in the browser's own voice, where it has one for the language of the words.
(() => {
  const words = document.querySelector("[data-speak-text]");
  const button = document.querySelector("[data-speak]");
  if (!words || !button || !("speechSynthesis" in window)) return;
  const language = words.closest("[lang]").lang;
  const label = button.lastChild;
  const begin = label.data;
  let reading = 0; // which reading it is: one that was stopped still reports its end

  function able() {
    const tongue = language.slice(0, 2).toLowerCase();
    button.hidden = !speechSynthesis.getVoices().some((it) => it.lang.toLowerCase().startsWith(tongue));
  }

  function stop() {
    reading += 1;
    speechSynthesis.cancel();
    label.data = begin;
    button.classList.remove("on");
  }

  function read() {
    speechSynthesis.cancel();
    reading += 1;
    const mine = reading;
    const over = () => { if (mine === reading) stop(); };
    // Line by line: some browsers fall silent after 15 seconds of one text.
    const lines = words.innerText.split("\n").map((it) => it.trim()).filter(Boolean);
    lines.forEach((line, nth) => {
      const said = new SpeechSynthesisUtterance(line);
      said.lang = language;
      said.onerror = over;
      if (nth === lines.length - 1) said.onend = over;
      speechSynthesis.speak(said);
    });
    label.data = button.dataset.stop;
    button.classList.add("on");
  }

  able();
  speechSynthesis.addEventListener?.("voiceschanged", able);
  button.addEventListener("click", () => { if (button.classList.contains("on")) stop(); else read(); });
  // Nobody goes on hearing of her health from a page that she has left.
  window.addEventListener("pagehide", stop);
})();
