// Runs before the page is drawn, so that nobody who asked for dark is shown white first.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const draw = () => { document.documentElement.dataset.bsTheme = dark.matches ? "dark" : "light"; };
  dark.addEventListener("change", draw);
  // Paper is white: what is pale on a dark screen could not be read there.
  addEventListener("beforeprint", () => { document.documentElement.dataset.bsTheme = "light"; });
  addEventListener("afterprint", draw);
  draw();
})();
