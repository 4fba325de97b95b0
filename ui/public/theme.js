// Sets the theme before the first paint. A file of its own, since the policy forbids inline scripts.
(function () {
  var kept = null;
  try {
    kept = localStorage.getItem("sigyn.theme");
  } catch {
    // Storage may be forbidden; then the system's theme holds.
  }
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
})();
