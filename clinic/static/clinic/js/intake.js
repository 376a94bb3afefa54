// Extras of the form: the drawing that ticks the list of words, and "None of these" that takes the others away.
const map = document.querySelector("[data-bodymap]");
if (map) {
  const boxOf = (region) => document.querySelector(`input[name="codes"][value="${region.dataset.place}"]`);
  const show = (region) => {
    const on = boxOf(region).checked;
    region.setAttribute("aria-checked", String(on));
    region.classList.toggle("on2", on);
  };
  const regions = [...map.querySelectorAll("[data-place]")];
  const tap = (region) => { boxOf(region).checked = !boxOf(region).checked; show(region); };
  for (const region of regions) {
    region.addEventListener("click", () => tap(region));
    region.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      tap(region);
    });
    boxOf(region).addEventListener("change", () => show(region));
    show(region);
  }
  map.hidden = false;
}

document.addEventListener("change", (event) => {
  const group = event.target.closest("[data-one-or-none]");
  if (!group || !event.target.checked) return;
  const isNone = event.target.value === "none";
  for (const box of group.querySelectorAll("input[type=checkbox]")) {
    if (box !== event.target && (isNone || box.value === "none")) box.checked = false;
  }
});
