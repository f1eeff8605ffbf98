// <gan-playground>: a GAN that trains in the page. The attribute `target` names what is learnt,
// `small` leaves out the settings, for a place in a chapter. The work is done in a worker.
"use strict";

(() => {
  const core = ganCore();
  const targets = ganTargets(core, ganMeasures());
  const constants = ganSession(core, targets, ganMeasures());
  const pictures = ganPictures(targets, constants);
  const WORKER = `"use strict";
    ${[ganCore, ganMeasures, ganTargets, ganSession, ganWorker].join("\n")}
    const core = ganCore(), measures = ganMeasures(), targets = ganTargets(core, measures);
    const { Session } = ganSession(core, targets, measures);
    ganWorker(self, (setup) => new Session(setup));`;
  // what each loss comes to where D answers one half everywhere
  const EQUILIBRIA = {
    "log D": { "ln 2": Math.LN2 },
    "log(1 - D)": { "ln 2": Math.LN2, "−ln 2": -Math.LN2 },
    "least squares": { "1/8": 1 / 8 }, // (1/2 - 1)^2 / 2 = (1/2)^2 / 2
  };
  const SPEEDS = { 0: "as fast as possible", 20: "20 steps a second", 2: "2 steps a second" };

  // Settings that a reader may change: how they are shown, read, and written into a link.
  const widths = (text) =>
    text
      .split(/[\s,-]+/)
      .filter(Boolean)
      .map(Number);
  const whole = (low, high) => (v) => Number.isInteger(v) && v >= low && v <= high;
  const between = (low, high) => (v) => Number.isFinite(v) && v >= low && v <= high;
  const layers = (v) => v.length <= 4 && v.every(whole(1, 256));
  const FIELDS = {
    generatorRate: ["Learning rate of G", "number", between(0, 1), "above 0, at most 1"],
    discriminatorRate: ["Learning rate of D", "number", between(0, 1), "above 0, at most 1"],
    generatorWidths: ["Widths of G's inner layers", "widths", layers, "up to 4 numbers, 1 to 256"],
    discriminatorWidths: [
      "Widths of D's inner layers",
      "widths",
      layers,
      "up to 4 numbers, 1 to 256",
    ],
    batch: ["Batch size", "number", whole(1, 1024), "a whole number, 1 to 1024"],
    steps: ["Steps", "number", whole(1, 100000), "a whole number, 1 to 100000"],
    seed: ["Seed", "number", whole(0, 1e9), "a whole number, 0 to 1000000000"],
    loss: ["Loss", Object.keys(core.LOSSES)],
    penalty: ["Weight of the gradient penalty", "number", between(0, 100), "0 to 100"],
    decay: ["Learning rates fall to 0", "flag"],
    average: ["Average G's weights", "flag"],
    blur: ["D looks through blur", "flag"],
    waves: ["Waves beside the inputs", "flag"],
  };
  const SWITCHES = {
    real: ["Real samples", true],
    fake: ["Generated samples", true],
    heat: ["What D thinks", true],
    warp: ["Warped latent grid", false],
    pushes: ["Where G's loss pushes", false],
  };
  let instances = 0;

  const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)} %`;

  // Rows of the quality panel: what, how much, and what would be good.
  function qualityRows(quality) {
    const rows = [];
    const add = (...row) => rows.push(row);
    if ("bins" in quality) {
      add("Off the curve", percent(quality.fit, 2), "at most 1 %");
      add("Spread: KS distance", quality.ks.toFixed(3), "at most 0.05");
      add("Parts of the range covered", `${quality.bins} of 50`, "at least 48");
      add("Outside the range", percent(quality.outside), "at most 1 %");
    } else if ("covered" in quality) {
      add("Valid integers", percent(quality.validity), "at least 99.5 %");
      add("Values covered", `${quality.covered} of ${quality.allowed}`, "all");
      add("Spread: total variation", quality.tv.toFixed(3), "at most 0.1");
    } else if ("std" in quality) {
      add("Mean", quality.mean.toFixed(2), "0");
      add("Standard deviation", quality.std.toFixed(2), "1");
      add("KS distance from N(0, 1)", quality.ks.toFixed(3), "at most 0.05");
    } else {
      add("Fit: close to the drawing", percent(quality.near), "at least 95 %");
      add("Spread: drawing reached", percent(quality.reached), "at least 95 %");
    }
    add("Jensen-Shannon divergence", quality.divergence.toFixed(3), "near 0 of ln 2 = 0.693");
    return rows;
  }

  class Playground extends HTMLElement {
    connectedCallback() {
      if (this.worker) return;
      this.small = this.hasAttribute("small");
      this.idPrefix = `playground-${++instances}`;
      this.choice = { name: this.getAttribute("target") || "exponential", k: 5, drawing: [] };
      this.which = "course";
      this.settings = { ...targets.recipe(this.choice.name, this.which), seed: 0 };
      this.show = Object.fromEntries(Object.entries(SWITCHES).map(([key, [, on]]) => [key, on]));
      this.speed = 0;
      this.complaint = this.small ? "" : this.readLink();
      this.build();
      // nothing is computed for a reader who does not come here
      this.sight = new IntersectionObserver((entries) => {
        if (entries.some((entry) => entry.isIntersecting)) this.begin();
      });
      this.sight.observe(this);
      if (this.small) return;
      this.follow = () => {
        if (!new URLSearchParams(location.hash.slice(1)).has("t")) return; // another place of the page
        this.restart(this.readLink() || "The set-up of the link.");
        this.scrollIntoView();
        this.find("train").focus({ preventScroll: true });
      };
      window.addEventListener("hashchange", this.follow);
    }

    begin() {
      this.sight.disconnect();
      const source = new Blob([WORKER], { type: "text/javascript" });
      this.worker = new Worker(URL.createObjectURL(source));
      this.worker.onmessage = ({ data }) => this.receive(data);
      this.worker.onerror = (event) => this.say(`The training stopped: ${event.message}`);
      this.theme = new MutationObserver(() => this.draw());
      this.theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
      this.size = new ResizeObserver(() => this.draw());
      this.size.observe(this.find("picture"));
      this.restart(this.complaint);
    }

    disconnectedCallback() {
      this.sight.disconnect();
      this.worker?.terminate();
      this.worker = null;
      this.theme?.disconnect();
      this.size?.disconnect();
      window.removeEventListener("hashchange", this.follow);
    }

    find(name) {
      return this.querySelector(`[data-part="${name}"]`);
    }

    tell(order, value) {
      this.worker?.postMessage([order, value]);
    }

    // --- what is on the page -------------------------------------------------------------------

    build() {
      const id = (name) => `${this.idPrefix}-${name}`;
      const options = (list, chosen) =>
        Object.entries(list)
          .map(([value, label]) => {
            const mark = `${value}` === `${chosen}` ? " selected" : "";
            return `<option value="${value}"${mark}>${label}</option>`;
          })
          .join("");
      const select = (name, label, list, chosen) =>
        `<label for="${id(name)}">${label}
          <select id="${id(name)}" data-part="${name}">${options(list, chosen)}</select></label>`;
      const button = (name, label) => `<button type="button" data-part="${name}">${label}</button>`;
      const canvas = (name, label) =>
        `<canvas data-part="${name}" role="img" aria-label="${label}"></canvas>`;
      const trained = Object.keys(window.GAN_TRAINED ?? {});
      const chooser = `
        <div class="playground-row">
          ${select("target", "Learn", targets.LABELS, this.choice.name)}
          <label for="${id("k")}" data-part="k-label">k
            <input id="${id("k")}" data-part="k" type="number" min="2" max="25" value="${this.choice.k}"></label>
          ${select(
            "recipe",
            "by",
            {
              course: "the course's recipe",
              published: "a common recipe",
              ...(trained.length ? { trained: "a trained generator of the course" } : {}),
            },
            this.which,
          )}
        </div>`;
      this.innerHTML = `
        ${this.small ? "" : chooser}
        <div class="playground-row" role="group" aria-label="Training">
          ${button("train", "Train")}
          ${button("step", "One step")}
          ${this.small ? "" : button("onlyD", "Only D") + button("onlyG", "Only G")}
          ${button("restart", "Start over")}
          ${this.small ? "" : select("speed", "Speed", SPEEDS, this.speed)}
        </div>
        <div class="playground-now">
          <p data-part="progress"></p>
          <p role="status" data-part="status"></p>
        </div>
        <div class="playground-columns">
          <div class="playground-main">
            <div class="playground-title">Samples: <span data-part="label"></span></div>
            <div class="playground-pad" data-part="pad">
              ${canvas("picture", "Real and generated samples")}
            </div>
            <div class="playground-row playground-switches" role="group" aria-label="What the picture shows">
              ${Object.entries(SWITCHES)
                .map(
                  ([key, [label]]) => `<label class="playground-${key}">
                    <input type="checkbox" data-switch="${key}"${this.show[key] ? " checked" : ""}> ${label}</label>`,
                )
                .join("")}
            </div>
            <div class="playground-row" data-part="drawing-tools">
              <p>Draw in the picture with the mouse or a finger. By keyboard: move the cross with the
              arrow keys, put a dot with the space bar.</p>
              ${button("clear", "Clear the drawing")}
            </div>
          </div>
          <div class="playground-side">
            <table data-part="quality">
              <caption>Quality of fresh samples</caption>
              <thead><tr><th scope="col">Measure</th><th scope="col">Now</th><th scope="col">Good</th></tr></thead>
              <tbody></tbody>
            </table>
            <p class="playground-verdict">Verdict: <strong data-part="verdict"></strong></p>
            <figure>${canvas("losses", "Losses of both networks at each step")}
              <figcaption>Losses: <span class="playground-real">D on real (solid)</span>,
              <span class="playground-fake">D on generated (dotted)</span>,
              <span class="playground-warp">G (dashed)</span></figcaption></figure>
            ${
              this.small
                ? ""
                : `<figure>${canvas("divergence", "Jensen-Shannon divergence at each measurement")}
              <figcaption>Jensen-Shannon divergence: 0 where both distributions agree</figcaption></figure>`
            }
          </div>
        </div>
        ${this.small ? this.linkToPlayground() : this.laboratory(id, canvas, button)}`;
      this.listen();
      this.fill();
    }

    linkToPlayground() {
      const place = this.getAttribute("href") ?? "playground.html";
      return `<p><a href="${place}#t=${this.choice.name}">Open this in the playground</a>, where every
        setting can be changed.</p>`;
    }

    // The latent numbers, the settings and the link.
    laboratory(id, canvas, button) {
      const field = ([key, [label, kind, , hint]]) => {
        const name = id(key);
        if (Array.isArray(kind)) {
          const list = kind.map((value) => `<option>${value}</option>`).join("");
          return `<label for="${name}">${label} <select id="${name}" data-field="${key}">${list}</select></label>`;
        }
        if (kind === "flag") {
          return `<label for="${name}"><input id="${name}" data-field="${key}" type="checkbox"> ${label}</label>`;
        }
        const mode = kind === "widths" ? "text" : "decimal";
        return `<label for="${name}">${label}
          <input id="${name}" data-field="${key}" type="text" inputmode="${mode}" title="${hint}"></label>`;
      };
      const slider = (i) => `<label for="${id(`z${i}`)}">z<sub>${i + 1}</sub>
        <input id="${id(`z${i}`)}" data-latent="${i}" type="range" min="-2" max="2" step="0.05" value="0">
        <output for="${id(`z${i}`)}"></output></label>`;
      return `
        <div class="playground-columns">
          <fieldset>
            <legend>One latent point</legend>
            <div class="playground-latent">
              ${canvas("latent", "The latent point, which can be dragged")}
              <div>${slider(0)}${slider(1)}
              <p>Its sample: <strong data-part="sample"></strong>. It is marked by a cross in the
              picture.</p></div>
            </div>
          </fieldset>
          <fieldset class="playground-settings">
            <legend>Settings</legend>
            ${Object.entries(FIELDS).map(field).join("")}
            <p data-part="sizes"></p>
          </fieldset>
        </div>
        <div class="playground-row">
          ${button("share", "Copy a link to this set-up")}
          <label for="${id("link")}">Link <input id="${id("link")}" data-part="link" type="text" readonly></label>
        </div>`;
    }

    // Write the settings into their fields.
    fill() {
      const { name } = this.choice;
      this.find("pad").classList.toggle("playground-drawable", name === "drawing");
      for (const input of this.querySelectorAll("[data-field]")) {
        const value = this.settings[input.dataset.field];
        const key = input.dataset.field;
        if (key === "waves") input.checked = this.settings.discriminatorWaves > 0;
        else if (input.type === "checkbox") input.checked = Boolean(value);
        else input.value = Array.isArray(value) ? value.join(", ") : value;
        input.removeAttribute("aria-invalid");
        input.disabled = this.which === "trained" && key !== "seed";
      }
      this.find("drawing-tools").hidden = name !== "drawing";
      const plane = name !== "multiples" && name !== "normal";
      this.querySelector('[data-switch="warp"]').parentElement.hidden = name === "multiples";
      this.querySelector('[data-switch="pushes"]').parentElement.hidden = !plane;
      if (this.small) return;
      this.find("target").value = name;
      this.find("recipe").value = this.which;
      this.find("k").value = this.choice.k;
      this.find("k-label").hidden = name !== "multiples";
      const { latentDim, generatorWidths, discriminatorWidths } = this.settings;
      const dim = name === "multiples" ? targets.DEPTH : name === "normal" ? 1 : 2;
      this.find("sizes").textContent =
        `G: ${[latentDim, ...generatorWidths, dim].join(" → ")}. ` +
        `D: ${[dim, ...discriminatorWidths, 1].join(" → ")}.`;
      const reach = this.reach();
      for (const input of this.querySelectorAll("[data-latent]")) {
        [input.min, input.max] = [-reach, reach];
        input.closest("label").hidden = Number(input.dataset.latent) >= latentDim;
      }
      const picture = this.find("picture");
      if (name === "drawing") {
        picture.tabIndex = 0;
        picture.setAttribute("role", "application");
      } else {
        picture.removeAttribute("tabindex");
        picture.setAttribute("role", "img");
      }
    }

    reach() {
      return this.settings.noise === "normal" ? 2 : 1;
    }

    // --- what the reader does ------------------------------------------------------------------

    listen() {
      const click = (name, act) => this.find(name)?.addEventListener("click", act);
      click("train", () => (this.running ? this.tell("pause") : this.train()));
      click("step", () => this.tell("step", "both"));
      click("onlyD", () => this.tell("step", "D"));
      click("onlyG", () => this.tell("step", "G"));
      click("restart", () => this.restart("Started over."));
      click("clear", () => {
        this.choice.drawing = [];
        this.restart("The drawing is empty.");
      });
      click("share", () => this.shareLink());
      for (const box of this.querySelectorAll("[data-switch]")) {
        box.addEventListener("change", () => {
          this.show[box.dataset.switch] = box.checked;
          this.options();
          this.draw();
        });
      }
      if (this.small) return;
      const change = (name, act) =>
        this.find(name).addEventListener("change", ({ target }) => act(target));
      change("speed", ({ value }) => {
        this.speed = Number(value);
        this.options();
      });
      change("target", ({ value }) => {
        this.choice.name = value;
        this.choose(this.which);
      });
      change("recipe", ({ value }) => this.choose(value));
      change("k", (input) => {
        const k = Number(input.value);
        if (!whole(2, 25)(k)) {
          this.say(`k must be a whole number from 2 to 25, got ${input.value}.`);
          input.value = this.choice.k;
          return;
        }
        this.choice.k = k;
        this.restart(`Multiples of ${k}.`);
      });
      for (const input of this.querySelectorAll("[data-field]")) {
        input.addEventListener("change", () => this.setField(input));
      }
      for (const slider of this.querySelectorAll("[data-latent]")) {
        slider.addEventListener("input", () => {
          this.setLatent(Number(slider.dataset.latent), Number(slider.value));
        });
      }
      this.listenToPointer();
    }

    listenToPointer() {
      const follow = (canvas, act) => {
        const place = (event) => {
          const box = canvas.getBoundingClientRect();
          act(event.clientX - box.left, event.clientY - box.top);
        };
        canvas.addEventListener("pointerdown", (event) => {
          canvas.setPointerCapture(event.pointerId);
          place(event);
        });
        canvas.addEventListener("pointermove", (event) => {
          if (canvas.hasPointerCapture(event.pointerId)) place(event);
        });
      };
      follow(this.find("latent"), (left, top) => {
        const { box } = this.latentPlot;
        const reach = this.reach();
        const inside = (share) => Math.min(1, Math.max(-1, 2 * share - 1)) * reach;
        this.setLatent(0, inside((left - box.left) / box.width));
        if (this.latent.length > 1) this.setLatent(1, inside(1 - (top - box.top) / box.height));
      });
      const picture = this.find("picture");
      this.cross = [0, 0];
      follow(picture, (left, top) => {
        if (this.choice.name !== "drawing") return;
        const { box } = this.plot;
        const place = (share) => (2 * share - 1) * targets.VIEW;
        this.dot(place((left - box.left) / box.width), place(1 - (top - box.top) / box.height));
      });
      picture.addEventListener("pointerup", () => {
        if (this.choice.name === "drawing") this.restart("Drawn: press Train.");
      });
      picture.addEventListener("keydown", (event) => {
        if (this.choice.name !== "drawing") return;
        const moves = {
          ArrowLeft: [-1, 0],
          ArrowRight: [1, 0],
          ArrowUp: [0, 1],
          ArrowDown: [0, -1],
        };
        const move = moves[event.key];
        if (move)
          this.cross = this.cross.map((v, i) => Math.min(1, Math.max(-1, v + 0.05 * move[i])));
        else if (event.key === " ") {
          this.dot(...this.cross);
          this.restart(`A dot at ${this.cross.map((v) => v.toFixed(2)).join(", ")}.`);
        } else return;
        event.preventDefault();
        this.draw();
      });
    }

    // Put a dot into the drawing, which reaches from -1 to 1.
    dot(x, y) {
      if (this.choice.drawing.length >= 1200) return;
      const rounded = [x, y].map((v) => Math.round(Math.min(1, Math.max(-1, v)) * 32) / 32);
      const last = this.choice.drawing.slice(-2);
      if (last[0] === rounded[0] && last[1] === rounded[1]) return;
      this.choice.drawing.push(...rounded);
      this.draw();
    }

    choose(which) {
      const trained = which === "trained";
      if (trained && !(this.choice.name in window.GAN_TRAINED)) {
        this.which = "course";
        const names = Object.keys(window.GAN_TRAINED).map((name) => targets.LABELS[name]);
        this.settings = { ...targets.recipe(this.choice.name, "course"), seed: this.settings.seed };
        this.restart(
          `There is no trained generator for this. There are some for: ${names.join("; ")}.`,
        );
        return;
      }
      this.which = which;
      this.settings = { ...targets.recipe(this.choice.name, which), seed: this.settings.seed };
      if (trained) Object.assign(this.settings, window.GAN_TRAINED[this.choice.name].noise);
      if (trained) this.choice.k = 5;
      this.restart("");
    }

    setField(input) {
      const key = input.dataset.field;
      const [label, kind, valid, hint] = FIELDS[key];
      let value = input.value;
      if (kind === "flag") value = this.flag(key, input.checked);
      else if (kind === "widths") value = { [key]: widths(value) };
      else if (kind === "number") value = { [key]: value.trim() === "" ? NaN : Number(value) };
      else value = { [key]: value };
      if (valid && !(valid(value[key]) && !(key.endsWith("Rate") && value[key] === 0))) {
        input.setAttribute("aria-invalid", "true");
        this.say(`${label} must be ${hint}, got “${input.value}”. It is left as it was.`);
        return;
      }
      Object.assign(this.settings, value);
      this.restart(`${label} changed: training starts over.`);
    }

    // What a switch stands for: as in the course's recipe, or off.
    flag(key, on) {
      const course = targets.recipe(this.choice.name, "course");
      const kind = { generatorWaves: 1, discriminatorWaves: 3, blur: [0.001, 2], average: 0.995 };
      const value = (name) => (on ? course[name] || kind[name] : name === "blur" ? null : 0);
      if (key === "decay") return { decay: on };
      if (key === "waves") {
        return {
          generatorWaves: value("generatorWaves"),
          discriminatorWaves: value("discriminatorWaves"),
        };
      }
      return { [key]: value(key) };
    }

    setLatent(i, value) {
      this.latent[i] = value;
      this.tell("latent", this.latent);
      this.draw();
    }

    train() {
      if (this.frame?.done) this.restart("");
      this.running = true;
      this.say("Training.");
      this.tell("train");
      this.update();
    }

    options() {
      this.tell("show", { heat: this.show.heat, speed: this.speed });
    }

    // Begin a new training with the settings as they are.
    restart(message) {
      const { name, drawing } = this.choice;
      this.running = false;
      this.losses = [];
      this.divergences = [];
      this.frame = this.fixed = null;
      this.fill();
      if (name === "drawing" && drawing.length === 0) {
        this.fixed = {
          kind: "points",
          ranges: [
            [-1, 1],
            [-1, 1],
          ],
          real: [],
          label: "your drawing",
        };
        this.say(message || "Draw something to learn.");
        this.update();
        this.draw();
        return;
      }
      const trained = this.which === "trained" ? window.GAN_TRAINED[name].layers : null;
      this.tell("start", { target: this.choice, settings: this.settings, trained });
      this.options();
      this.say(message);
    }

    // --- what the worker tells -----------------------------------------------------------------

    receive(data) {
      if (data.fixed) {
        this.fixed = data.fixed;
        return;
      }
      if (!this.fixed) return; // of a training that is over
      this.frame = data;
      if (data.ended) this.running = false;
      for (let i = 0; i < data.losses.length; i += 3) this.losses.push(data.losses.slice(i, i + 3));
      const [lastStep] = this.divergences.at(-1) ?? [-1];
      if (data.measuredAt > lastStep) {
        this.divergences.push([data.measuredAt, data.quality.divergence]);
      }
      this.latent = data.latent;
      this.draw();
      this.update();
      if (data.diverged) this.say(data.diverged);
      else if (data.ended) {
        const how = data.done ? "Finished" : "Paused";
        this.say(`${how} at step ${data.steps}. Verdict: ${data.quality.verdict}.`);
      }
      // the worker goes on at once, but sends its next picture only when this one is on the page
      requestAnimationFrame(() => this.tell("drawn"));
    }

    say(message) {
      this.find("status").textContent = message;
    }

    // Words and numbers; pictures are drawn by draw().
    update() {
      const { frame, running } = this;
      const trained = this.which === "trained";
      this.find("train").textContent = running ? "Pause" : frame?.done ? "Train again" : "Train";
      for (const name of ["step", "onlyD", "onlyG"]) {
        if (this.find(name)) this.find(name).disabled = !frame || frame.done;
      }
      this.find("train").disabled = !frame || trained;
      this.find("label").textContent = this.fixed?.label ?? "";
      this.dataset.state = running ? "running" : "still";
      this.dataset.step = frame?.steps ?? 0;
      if (!frame) {
        this.find("progress").textContent = "";
        return;
      }
      const rate = running && frame.rate ? `, ${Math.round(frame.rate)} steps a second` : "";
      this.dataset.rate = frame.rate;
      this.find("progress").textContent = trained
        ? "A generator that ships with the course: nothing to train."
        : `Step ${frame.steps} of ${this.settings.steps}${rate}`;
      this.find("verdict").textContent = frame.quality.verdict;
      this.dataset.verdict = frame.quality.verdict;
      const body = this.find("quality").tBodies[0];
      const rows = qualityRows(frame.quality).map((cells) => {
        const row = document.createElement("tr");
        cells.forEach((text, i) => {
          const cell = document.createElement(i ? "td" : "th");
          if (!i) cell.scope = "row";
          cell.textContent = text;
          row.append(cell);
        });
        return row;
      });
      body.replaceChildren(...rows);
      if (this.small) return;
      const sample = Array.from(frame.sample);
      this.find("sample").textContent = this.inWords(sample);
    }

    // A sample in the units of its data.
    inWords(sample) {
      const { kind, ranges } = this.fixed;
      if (kind === "integers") return `${sample.indexOf(Math.max(...sample))}`;
      const values = sample.map((v, i) => {
        const [low, high] = ranges[i];
        return (low + ((v + 1) / 2) * (high - low)).toFixed(2);
      });
      return kind === "points" ? `x = ${values[0]}, y = ${values[1]}` : values[0];
    }

    draw() {
      const { fixed, frame, show } = this;
      if (!fixed || !this.find("picture").clientWidth) return;
      const empty = { fake: [], heat: null, warp: null, pushes: null, sample: [9, 9], counts: [] };
      const now = this.choice.name === "drawing" && !frame ? { ...empty } : frame;
      if (!now) return;
      const picture = this.find("picture");
      const drawing = this.choice.name === "drawing";
      const known = drawing ? { ...fixed, real: this.choice.drawing } : fixed;
      this.plot = pictures.samples[fixed.kind](picture, known, now, show);
      if (drawing && document.activeElement === picture) this.drawCross();
      picture.setAttribute("aria-label", this.describe());
      if (!frame) return;
      const last = Math.max(frame.steps, 1);
      const marks = EQUILIBRIA[this.settings.loss];
      pictures.losses(this.find("losses"), this.losses, marks, last);
      if (this.small) return;
      pictures.divergence(this.find("divergence"), this.divergences, last);
      const count = Math.min(2, this.settings.latentDim);
      const first = Array.from(this.latent.slice(0, count));
      this.latentPlot = pictures.latent(this.find("latent"), first, this.reach());
      for (const slider of this.querySelectorAll("[data-latent]")) {
        const value = this.latent[Number(slider.dataset.latent)] ?? 0;
        slider.value = value;
        slider.nextElementSibling.textContent = Number(slider.value).toFixed(2);
      }
    }

    drawCross() {
      const { pen, x, y, ink } = this.plot;
      pen.fillStyle = ink;
      pen.fillRect(x(this.cross[0]) - 9, y(this.cross[1]) - 0.5, 18, 1);
      pen.fillRect(x(this.cross[0]) - 0.5, y(this.cross[1]) - 9, 1, 18);
    }

    // The picture in words, for those who do not see it.
    describe() {
      const { frame, fixed } = this;
      if (this.choice.name === "drawing" && !frame) {
        return "Place to draw: arrow keys move a cross, the space bar puts a dot";
      }
      const rows = qualityRows(frame.quality).map(([what, value]) => `${what}: ${value}`);
      const state = `${fixed.label}, step ${frame.steps}, verdict ${frame.quality.verdict}`;
      return `Real and generated samples, ${state}. ${rows.join(". ")}`;
    }

    // --- a set-up as a link --------------------------------------------------------------------

    // Only what differs from the recipe is written down.
    link() {
      const { name, k, drawing } = this.choice;
      const parts = new URLSearchParams({ t: name });
      if (this.which !== "course") parts.set("r", this.which);
      if (name === "multiples") parts.set("k", k);
      if (drawing.length && name === "drawing") {
        parts.set(
          "d",
          drawing.map((v) => String.fromCharCode(48 + Math.round((v + 1) * 32))).join(""),
        );
      }
      const usual = { ...targets.recipe(name, this.which), seed: 0 };
      for (const [key, [, kind]] of Object.entries(FIELDS)) {
        if (key === "waves") {
          const on = (settings) => Boolean(settings.discriminatorWaves);
          if (on(this.settings) !== on(usual)) parts.set(key, on(this.settings) ? 1 : 0);
        } else if (kind === "flag") {
          const [now, then] = [this.settings[key], usual[key]].map(Boolean);
          if (now !== then) parts.set(key, now ? 1 : 0);
        } else if (`${this.settings[key]}` !== `${usual[key]}`) {
          const value = this.settings[key];
          parts.set(key, Array.isArray(value) ? value.join("-") || "none" : value);
        }
      }
      return `${location.href.split("#")[0]}#${parts}`;
    }

    // Takes over the set-up of the page's address; returns what could not be used, in words.
    readLink() {
      const parts = new URLSearchParams(location.hash.slice(1));
      const name = parts.get("t");
      if (!name) return "";
      if (!(name in targets.LABELS)) return `The link names an unknown target, “${name}”.`;
      this.choice.name = name;
      const wrong = [];
      const which = parts.get("r") ?? "course";
      const trained = which === "trained" && name in (window.GAN_TRAINED ?? {});
      this.which = "course";
      if (["course", "published"].includes(which) || trained) this.which = which;
      else wrong.push(`r=${which}`);
      if (parts.has("k")) {
        if (whole(2, 25)(Number(parts.get("k")))) this.choice.k = Number(parts.get("k"));
        else wrong.push(`k=${parts.get("k")}`);
      }
      if (parts.has("d")) {
        const values = Array.from(parts.get("d"), (c) => (c.charCodeAt(0) - 48) / 32 - 1);
        if (values.length % 2 === 0 && values.length <= 1200 && values.every(between(-1, 1))) {
          this.choice.drawing = values;
        } else wrong.push("d");
      }
      this.settings = { ...targets.recipe(name, this.which), seed: 0 };
      if (trained) Object.assign(this.settings, window.GAN_TRAINED[name].noise);
      for (const [key, [, kind, valid]] of Object.entries(FIELDS)) {
        if (!parts.has(key)) continue;
        const text = parts.get(key);
        if (kind === "flag") Object.assign(this.settings, this.flag(key, text === "1"));
        else if (Array.isArray(kind)) {
          if (kind.includes(text)) this.settings[key] = text;
          else wrong.push(`${key}=${text}`);
        } else {
          const value = kind === "widths" ? widths(text === "none" ? "" : text) : Number(text);
          if (valid(value) && !(key.endsWith("Rate") && value === 0)) this.settings[key] = value;
          else wrong.push(`${key}=${text}`);
        }
      }
      return wrong.length ? `The link has values that can't be used: ${wrong.join(", ")}.` : "";
    }

    async shareLink() {
      const input = this.find("link");
      input.value = this.link();
      input.select();
      try {
        await navigator.clipboard.writeText(input.value);
        this.say("The link is copied.");
      } catch {
        this.say("The link stands beside the button: copy it with Ctrl+C.");
      }
    }
  }

  customElements.define("gan-playground", Playground);
})();
