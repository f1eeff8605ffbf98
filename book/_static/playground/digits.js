// <gan-digits>: a machine that draws the digit one asks for. It runs the trained generator of
// project 4 in the page. Its weights are a script of its own, which loads when a reader comes near.
"use strict";

(() => {
  const core = ganCore();
  const WEIGHTS = new URL("digits_weights.js", document.currentScript.src).href;
  const NOISE = 32; // numbers in a noise vector; behind them stand ten for the digit
  const SIDE = 8; // pixels
  const PLACES = 60; // on the circle through two noise vectors
  const MORE = 8; // small pictures
  const PAUSE = 400; // ms without a change, after which the status is said
  const DIGITS = Array.from({ length: 10 }, (_, digit) => digit);

  const FAILED = "The generator did not load. Reload the page to try again.";

  const named = (digit) => `${digit === 8 ? "an" : "a"} ${digit}`;
  const percent = (share) => `${share}\u00a0%`;

  // The weights travel as the bytes of float32 numbers, in base64.
  function unpack(layers) {
    const numbers = (text) =>
      new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
    return layers.map((layer) =>
      layer.kind === "Linear"
        ? { ...layer, weight: numbers(layer.weight), bias: numbers(layer.bias) }
        : layer,
    );
  }

  let arriving = null; // one script for all machines of a page
  function weights() {
    arriving ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = WEIGHTS;
      script.onload = () => resolve(unpack(window.GAN_DIGITS));
      script.onerror = reject;
      document.head.append(script);
    });
    return arriving;
  }

  class Digits extends HTMLElement {
    random = new core.Random(0);
    digit = 7;
    other = 4;
    morph = 0; // percent of the other digit
    place = 1; // on the circle
    circle = 0; // how many were drawn
    layers = null;

    connectedCallback() {
      if (!this.circle) {
        this.build();
        this.freshNoise();
      }
      const near = (entries) => entries.some((entry) => entry.isIntersecting) && this.begin();
      this.sight = new IntersectionObserver(near, { rootMargin: "400px" });
      this.sight.observe(this);
      this.theme = new MutationObserver(() => this.draw());
      this.theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    }

    disconnectedCallback() {
      this.sight.disconnect();
      this.theme.disconnect();
      clearTimeout(this.pause);
    }

    begin() {
      this.sight.disconnect();
      weights().then(
        (layers) => {
          this.layers = layers;
          this.dataset.state = "ready";
          this.change();
        },
        () => (this.find("status").textContent = FAILED),
      );
    }

    find(name) {
      return this.querySelector(`[data-part="${name}"]`);
    }

    build() {
      const slider = (name, label, low, high, step) => `
        <label>${label}
          <input data-part="${name}" type="range" min="${low}" max="${high}" step="${step}"></label>
        <span data-part="${name}-value" aria-hidden="true"></span>`;
      const canvas = (more) => `<canvas width="${SIDE}" height="${SIDE}"${more}></canvas>`;
      this.innerHTML = `
        <div class="playground-row digits-buttons" role="group" aria-label="Digit">
          ${DIGITS.map((d) => `<button type="button" data-digit="${d}">${d}</button>`).join("")}
        </div>
        <div class="digits-columns">
          ${canvas(' data-part="picture" role="img"')}
          <div class="digits-controls">
            ${slider("place", "Noise", 1, PLACES, 1)}
            <button type="button" data-part="fresh">New noise</button>
            ${slider("morph", "Morph", 0, 100, 5)}
            <label>into
              <select data-part="other" aria-label="Morph into">
                ${DIGITS.map((d) => `<option>${d}</option>`).join("")}
              </select></label>
          </div>
        </div>
        <div class="digits-strip" role="img" aria-label="Eight more pictures of the same, each from other noise">
          ${canvas("").repeat(MORE)}
        </div>
        <p role="status" data-part="status"></p>`;
      this.addEventListener("click", ({ target }) => {
        if (target.dataset.digit) this.change({ digit: Number(target.dataset.digit), morph: 0 });
        if (target.dataset.part === "fresh") this.change(this.freshNoise());
      });
      this.addEventListener("input", ({ target }) => {
        this.change({ [target.dataset.part]: Number(target.value) });
      });
      this.show();
    }

    // Two vectors that span the circle, and one for each small picture.
    freshNoise() {
      const draw = () => core.drawNormal(this.random, NOISE);
      this.ends = [draw(), draw()];
      this.others = Array.from({ length: MORE }, draw);
      this.circle += 1;
    }

    // Every place on the circle is again a draw from N(0, 1), as the generator knows it.
    get noise() {
      const angle = (2 * Math.PI * (this.place - 1)) / PLACES;
      const [one, two] = this.ends;
      return one.map((value, i) => Math.cos(angle) * value + Math.sin(angle) * two[i]);
    }

    // What is asked for: one-hot, or a mixture of two digits.
    get label() {
      const label = new Float32Array(10);
      label[this.digit] += 1 - this.morph / 100;
      label[this.other] += this.morph / 100;
      return label;
    }

    get words() {
      const { digit, other, morph } = this;
      if (digit === other || morph === 0) return named(digit);
      if (morph === 100) return named(other);
      return `${percent(100 - morph)} of ${named(digit)} and ${percent(morph)} of ${named(other)}`;
    }

    change(values = {}) {
      Object.assign(this, values);
      this.show();
      this.draw();
      clearTimeout(this.pause);
      this.pause = setTimeout(() => {
        if (!this.layers) return;
        const words = this.words[0].toUpperCase() + this.words.slice(1);
        const circle = this.circle > 1 ? `, circle ${this.circle}` : "";
        this.find("status").textContent = `${words}, noise ${this.place} of ${PLACES}${circle}.`;
      }, PAUSE);
    }

    // The controls as the values are.
    show() {
      for (const button of this.querySelectorAll("[data-digit]")) {
        button.setAttribute("aria-pressed", Number(button.dataset.digit) === this.digit);
      }
      const texts = { place: `${this.place} of ${PLACES}`, morph: percent(this.morph) };
      for (const [name, text] of Object.entries(texts)) {
        this.find(name).value = this[name];
        this.find(name).setAttribute("aria-valuetext", text);
        this.find(`${name}-value`).textContent = text;
      }
      this.find("other").value = this.other;
      this.find("picture").setAttribute("aria-label", `Generated picture: ${this.words}`);
    }

    // All pictures at once, the large one first: noise and label -> 64 pixels from -1 to 1.
    draw() {
      if (!this.layers) return;
      const { label } = this;
      const vectors = [this.noise, ...this.others];
      const requests = new Float32Array(vectors.length * (NOISE + label.length));
      vectors.forEach((noise, i) => requests.set([...noise, ...label], i * (NOISE + label.length)));
      const pixels = core.runLayers(this.layers, requests, vectors.length);
      const style = getComputedStyle(this);
      const [paper, ink] = ["paper", "ink"].map((name) => {
        const hex = style.getPropertyValue(`--playground-${name}`).trim();
        return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
      });
      this.querySelectorAll("canvas").forEach((canvas, c) => {
        const image = new ImageData(SIDE, SIDE);
        for (let i = 0; i < SIDE * SIDE; i++) {
          const dark = (pixels[c * SIDE * SIDE + i] + 1) / 2;
          const colour = paper.map((from, k) => from + dark * (ink[k] - from));
          image.data.set([...colour, 255], 4 * i);
        }
        canvas.getContext("2d").putImageData(image, 0, 0);
      });
    }
  }

  customElements.define("gan-digits", Digits);
})();
