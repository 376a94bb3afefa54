// Steppers count here at once, so that a quick finger loses nothing while the preview is on its way.
// Without this file each button is a submit that the server answers.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[name=step]");
  if (!button) return;
  const input = button.parentElement.querySelector("input");
  const way = button.value.endsWith(".up") ? 1 : -1;
  const value = Number(input.value || 0) + way * Number(input.dataset.size);
  event.preventDefault();
  input.value = Math.min(Math.max(value, Number(input.min)), Number(input.max));
  input.dispatchEvent(new Event("change", { bubbles: true }));
});

// A change that was counted here is only shown by the server: with the button's own name it would count it again.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.triggeringEvent?.type === "change") delete event.detail.parameters.step;
});
