// Counts the holds of an exercise, or its minutes, so that nobody has to look at a clock.
(() => {
  const REST = 3; // seconds between two holds
  const box = document.querySelector("[data-timer]");
  if (!box) return;
  const { hold, reps, minutes, wordsHold, wordsRest, wordsLeft, wordsEnd } = box.dataset;
  const [count, said] = [box.querySelector("[data-count]"), box.querySelector("[data-now]")];
  const [start, stop] = [box.querySelector("[data-start]"), box.querySelector("[data-stop]")];
  let bell = 0;

  // [seconds, words] one after the other. Words are said once, at the beginning of each.
  function steps() {
    if (!Number(hold)) return [[Number(minutes) * 60, wordsLeft]];
    const all = [];
    for (let nth = 1; nth <= Number(reps); nth += 1) {
      all.push([Number(hold), wordsHold.replace("0", nth)]);
      if (nth < Number(reps)) all.push([REST, wordsRest]);
    }
    return all;
  }

  const clock = (seconds) => (seconds < 60 ? String(seconds) : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`);

  function end(words) {
    clearInterval(bell);
    bell = 0;
    said.textContent = words;
    count.textContent = "";
    start.hidden = false;
    stop.hidden = true;
    if (document.activeElement === document.body || document.activeElement === stop) start.focus();
  }

  function run() {
    const all = steps();
    let [nth, until] = [-1, 0];
    const tick = () => {
      // By the clock and not by counting: a phone that sleeps misses beats.
      const left = Math.ceil((until - Date.now()) / 1000);
      if (left > 0) { count.textContent = clock(left); return; }
      nth += 1;
      if (nth >= all.length) { end(wordsEnd); return; }
      until = Date.now() + all[nth][0] * 1000;
      said.textContent = all[nth][1];
      count.textContent = clock(all[nth][0]);
    };
    clearInterval(bell);
    start.hidden = true;
    stop.hidden = false;
    stop.focus();
    tick();
    bell = setInterval(tick, 200);
  }

  start.addEventListener("click", run);
  stop.addEventListener("click", () => end(""));
  box.hidden = false;
})();
