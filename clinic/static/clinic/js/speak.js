// Reads a page out in the browser's own voice, where it has one, in the language of the page.
(() => {
  const words = document.querySelector("[data-speak-text]");
  const speak = document.querySelector("[data-speak]");
  if (words && speak && "speechSynthesis" in window) {
    speak.hidden = false;
    speak.addEventListener("click", () => {
      if (speechSynthesis.speaking) { speechSynthesis.cancel(); return; }
      const said = new SpeechSynthesisUtterance(words.innerText);
      said.lang = document.documentElement.lang;
      speechSynthesis.speak(said);
    });
  }
})();
