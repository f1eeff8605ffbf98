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
  // What a word of the glossary means, in a bubble: while a mouse points at its link or at the bubble,
  // or the keyboard has moved to the link. Escape closes it. book_terms.py has put the meanings into
  // the page, where a screen reader finds them by itself.
  const links = document.querySelectorAll("a.explained");
  if (links.length) {
    const bubble = document.createElement("div");
    bubble.className = "meaning";
    bubble.hidden = true;
    bubble.setAttribute("aria-hidden", "true");
    document.body.append(bubble);
    let later = 0;
    const hide = () => {
      clearTimeout(later);
      bubble.hidden = true;
    };
    const soon = (act, milliseconds) => {
      clearTimeout(later);
      later = setTimeout(act, milliseconds);
    };
    const show = (link, y) => {
      clearTimeout(later);
      bubble.textContent = document.getElementById(link.getAttribute("aria-describedby")).textContent;
      bubble.hidden = false;
      // a link that is broken has a part on each line: the bubble goes to the one that is pointed at
      const parts = [...link.getClientRects()];
      const at = parts.find((part) => part.top <= y && y <= part.bottom) ?? parts[0];
      const { offsetWidth: width, offsetHeight: height } = bubble;
      const room = document.documentElement.clientWidth - width - 8;
      const below = at.bottom + height < innerHeight || at.top < height;
      bubble.style.left = `${scrollX + Math.max(8, Math.min(at.left, room))}px`;
      bubble.style.top = `${scrollY + (below ? at.bottom : at.top - height)}px`;
    };
    links.forEach((link) => {
      // a finger does not point: its tap follows the link
      link.addEventListener("pointerenter", (event) => {
        if (event.pointerType !== "touch") soon(() => show(link, event.clientY), 200);
      });
      link.addEventListener("pointerleave", () => soon(hide, 200));
      link.addEventListener("focus", () => link.matches(":focus-visible") && show(link));
      link.addEventListener("blur", hide);
    });
    bubble.addEventListener("pointerenter", () => clearTimeout(later));
    bubble.addEventListener("pointerleave", () => soon(hide, 200));
    addEventListener("keydown", (event) => event.key === "Escape" && hide());
  }
  // A flip-book's other pictures come when a hand comes near its slider.
  document.querySelectorAll(".flip-book").forEach((book) => {
    const load = () => book.querySelectorAll("img").forEach((image) => (image.loading = "eager"));
    ["pointerenter", "focusin"].forEach((sign) => book.addEventListener(sign, load, { once: true }));
  });
})();
