// Loads what a page needs later than its text. The extension book_pages puts it into every page.
(() => {
  "use strict";
  // MathJax is twice as heavy as all the rest of a page. It comes when a formula is in view, or when
  // the reader first moves, types or touches: before a formula further down can come into view.
  const waiting = document.querySelector('script[type="text/later"]');
  if (waiting) {
    const signs = ["scroll", "wheel", "pointermove", "touchstart", "keydown", "beforeprint"];
    const load = () => {
      signs.forEach((sign) => removeEventListener(sign, load));
      seen.disconnect();
      if (waiting.type !== "text/later") return;
      waiting.type = "text/loaded";
      const script = document.createElement("script");
      script.src = waiting.src;
      script.onload = () => dispatchEvent(new Event("mathjax"));
      document.head.append(script);
    };
    const seen = new IntersectionObserver((all) => all.some((one) => one.isIntersecting) && load());
    document.querySelectorAll("article .math").forEach((formula) => seen.observe(formula));
    signs.forEach((sign) => addEventListener(sign, load, { passive: true }));
  }
  // A flip-book's other pictures come when a hand comes near its slider.
  document.querySelectorAll(".flip-book").forEach((book) => {
    const load = () => book.querySelectorAll("img").forEach((image) => (image.loading = "eager"));
    ["pointerenter", "focusin"].forEach((sign) => book.addEventListener(sign, load, { once: true }));
  });
})();
