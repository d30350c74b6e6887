// Puts the chosen theme in force before anything is drawn; without a choice the system's holds.
(() => {
  "use strict";
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen) document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage is closed to us: the system's theme holds.
  }
})();
