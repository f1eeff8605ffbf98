// Plays the film in training.js (made by book/film.py) in place of the still of the figure
// "fig-training". Without this script, and on paper, the page shows the still.
(() => {
  "use strict";
  const figure = document.getElementById("fig-training");
  if (!figure) return;
  const still = figure.querySelector("img");
  const { steps, strips, size, origin, ends, real, frames } = TRAINING;
  const HOLD = 20; // how long the last picture stays, in pictures
  const dots = real.map(([x, y]) => `M${x} ${y}h0`).join("");
  const crosses = (points) => points.map(([x, y]) => `M${x - 9} ${y - 9}l18 18m0-18l-18 18`).join("");

  const player = document.createElement("div");
  player.className = "film-player";
  player.innerHTML = `
    <svg viewBox="-80 -30 ${size[0] + 110} ${size[1] + 110}" role="img">
      <path class="film-axes" d="M0 0V${size[1]}H${size[0]}"/>
      <text x="${origin[0]}" y="${size[1] + 48}">0</text>
      <text x="${size[0] / 2}" y="${size[1] + 52}">x</text>
      <text x="${ends[0]}" y="${size[1] + 48}">50</text>
      <text x="-40" y="${origin[1] + 14}">0</text>
      <text x="-40" y="${size[1] / 2 + 14}">y</text>
      <text x="-40" y="${ends[1] + 14}">50</text>
      <path class="film-real" d="${dots}"/>
      <path class="film-generated"/>
    </svg>
    <p class="film-numbers"></p>
    <p class="film-controls">
      <button type="button"></button>
      <input type="range" min="0" max="${frames.length - 1}" value="0" aria-label="step">
    </p>`;
  const find = (name) => player.querySelector(name);
  const [generated, numbers, button, slider] =
    [".film-generated", ".film-numbers", "button", "input"].map(find);
  find("svg").setAttribute("aria-label", still.alt);

  let shown = 0; // counts on past the last picture while that one is held
  let clock = 0;
  const show = (position) => {
    shown = position;
    const frame = frames[Math.min(position, frames.length - 1)];
    generated.setAttribute("d", crosses(frame.points));
    numbers.innerHTML =
      `<strong>step ${frame.step.toLocaleString("en")}</strong> of ${steps.toLocaleString("en")}: ` +
      `${frame.off} off the curve, crosses in ${frame.bins} of ${strips} strips`;
    slider.value = position;
    slider.setAttribute("aria-valuetext", numbers.textContent);
  };
  const pause = () => {
    clearInterval(clock);
    clock = 0;
    button.textContent = "Play";
  };
  const play = () => {
    clock = setInterval(() => show((shown + 1) % (frames.length + HOLD)), 100);
    button.textContent = "Pause";
  };
  button.addEventListener("click", () => (clock ? pause() : play()));
  slider.addEventListener("input", () => {
    pause();
    show(Number(slider.value));
  });

  const replaced = still.closest("a") ?? still; // a figure links to its picture
  replaced.before(player);
  replaced.classList.add("film-still");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  if (calm.matches) {
    show(frames.length - 1);
    pause();
  } else {
    show(0);
    play();
  }
  calm.addEventListener("change", () => calm.matches && pause());
})();
