// Two repairs of the menu that MathJax 3.2.2 gives to formulas. course.js says when it is loaded.

// A browser lets a page that it opened from a file read no other file, so the speech engine has no
// words there. A menu that remembers the wish for speech would then show no formula at all.
if (location.protocol === "file:") {
  try {
    localStorage.removeItem("MathJax-Menu-Settings");
  } catch {
    // a browser that keeps nothing has nothing to forget
  }
}

// While speech is being loaded, drawing formulas anew stops with the request to try again. The menu
// does not heed it, and all formulas would be gone until the page is loaded anew.
addEventListener("mathjax", () => {
  const parts = window.MathJax?._;
  const Menu = parts?.ui?.menu?.Menu?.Menu;
  if (!Menu) return;
  const rerender = Menu.prototype.rerender;
  Menu.prototype.rerender = function (...start) {
    return parts.mathjax.mathjax.handleRetriesFor(() => rerender.apply(this, start));
  };
});
