// <gan-playground>: a GAN that trains in the page. The attribute `target` names what is learnt,
// `small` leaves out the settings, for a place in a chapter. The work is done in a worker.
"use strict";

(() => {
  const core = ganCore();
  const targets = ganTargets(core, ganMeasures());
  const constants = ganSession(core, targets, ganMeasures());
  const pictures = ganPictures(targets, constants);
  const TRAINED = window.GAN_TRAINED ?? {}; // small ones have none
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
  const RECIPES = { course: "the course's recipe", published: "a common recipe" };
  const DOTS = 600; // of a drawing

  // Settings that a reader may change: how they are shown, read, and written into a link.
  const widths = (text) =>
    text
      .split(/[\s,-]+/)
      .filter(Boolean)
      .map(Number);
  const whole = (low, high) => (v) => Number.isInteger(v) && v >= low && v <= high;
  const between = (low, high) => (v) => Number.isFinite(v) && v >= low && v <= high;
  const rate = (v) => v > 0 && v <= 1;
  const layers = (v) => v.length <= 4 && v.every(whole(1, 256));
  const FIELDS = {
    generatorRate: ["Learning rate of G", "number", rate, "above 0, at most 1"],
    discriminatorRate: ["Learning rate of D", "number", rate, "above 0, at most 1"],
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
    waves: ["Waves beside the inputs", "flag"],
  };
  const K = ["k", "number", whole(2, 25), "a whole number, 2 to 25"];
  const SWITCHES = {
    real: ["Real samples", true],
    fake: ["Generated samples", true],
    heat: ["What D thinks", true],
    warp: ["Warped latent grid", false],
    pushes: ["Where G's loss pushes", false],
  };
  let instances = 0;

  // A number as people write it: with a minus sign, and no "-0".
  const number = (value, digits) => {
    const text = value.toFixed(digits);
    return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
  };
  const percent = (share, digits = 1) => `${number(100 * share, digits)}\u00a0%`;

  // Rows of the quality panel: what, how much, and what would be good.
  function qualityRows(quality) {
    const rows = [];
    const add = (...row) => rows.push(row);
    if ("bins" in quality) {
      add("Off the curve", percent(quality.fit, 2), "at most 1\u00a0%");
      add("Spread: KS distance", number(quality.ks, 3), "at most 0.05");
      add("Parts of the range covered", `${quality.bins} of 50`, "at least 48");
      add("Outside the range", percent(quality.outside), "at most 1\u00a0%");
    } else if ("covered" in quality) {
      add("Valid integers", percent(quality.validity), "at least 99.5\u00a0%");
      add("Values covered", `${quality.covered} of ${quality.allowed}`, "all");
      add("Spread: total variation", number(quality.tv, 3), "at most 0.1");
    } else if ("std" in quality) {
      add("Mean", number(quality.mean, 2), "0");
      add("Standard deviation", number(quality.std, 2), "1");
      add("KS distance from N(0, 1)", number(quality.ks, 3), "at most 0.05");
    } else {
      add("Fit: close to real points", percent(quality.near), "at least 95\u00a0%");
      add("Spread: real points reached", percent(quality.reached), "at least 95\u00a0%");
    }
    add("Jensen-Shannon divergence", number(quality.divergence, 3), "near 0 (worst: 0.693)");
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
      this.trainingId = 0;
      this.complaint = this.small ? "" : this.readLink();
      this.build();
      // nothing is computed for a reader who does not come here
      this.sight = new IntersectionObserver((entries) => {
        if (entries.some((entry) => entry.isIntersecting)) this.begin();
      });
      this.sight.observe(this);
      if (this.small) return;
      this.follow = () => {
        if (!new URLSearchParams(location.hash.slice(1)).has("t")) return; // another place
        this.restart(this.readLink() || `Set up by the link: ${this.inShort()}. Press Train.`);
        this.scrollIntoView();
        this.find(this.which === "trained" ? "recipe" : "train").focus({ preventScroll: true });
      };
      this.followAgain = ({ target }) => {
        const link = target.closest?.('a[href^="#t="]');
        if (link && link.hash === location.hash) this.follow(); // the address does not change
      };
      window.addEventListener("hashchange", this.follow);
      document.addEventListener("click", this.followAgain);
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
      document.removeEventListener("click", this.followAgain);
    }

    find(name) {
      return this.querySelector(`[data-part="${name}"]`);
    }

    tell(order, value) {
      this.worker?.postMessage([order, value]);
    }

    get drawing() {
      return this.choice.name === "drawing";
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
      const button = (name, label, more = "") =>
        `<button type="button" data-part="${name}"${more && ` aria-label="${label}: ${more}"`}>${label}</button>`;
      const canvas = (name, label) =>
        `<canvas data-part="${name}" role="img" aria-label="${label}"></canvas>`;
      const trained = Object.keys(TRAINED).length;
      const recipes = trained ? { ...RECIPES, trained: "a trained generator" } : RECIPES;
      const chooser = `
        <div class="playground-row">
          ${select("target", "Learn", targets.LABELS, this.choice.name)}
          <label for="${id("k")}" data-part="k-label">k
            <input id="${id("k")}" data-part="k" type="text" inputmode="numeric"></label>
          ${select("recipe", "Recipe", recipes, this.which)}
        </div>`;
      const alone = `
        ${button("onlyD", "Only D", "one step of the discriminator")}
        ${button("onlyG", "Only G", "one step of the generator")}`;
      const switches = Object.entries(SWITCHES).map(
        ([key, [label]]) => `<label class="playground-${key}">
          <input type="checkbox" data-switch="${key}"${this.show[key] ? " checked" : ""}> ${label}</label>`,
      );
      this.innerHTML = `
        ${this.small ? "" : chooser}
        <div class="playground-row" role="group" aria-label="Training">
          ${button("train", "Train")}
          ${button("step", "One step")}
          ${this.small ? "" : alone}
          ${button("restart", "Start over")}
          ${this.small ? "" : select("speed", "Speed", SPEEDS, this.speed)}
        </div>
        <div class="playground-now">
          <p data-part="progress"></p>
          <p role="status" data-part="status"></p>
        </div>
        <div class="playground-columns">
          <div class="playground-main">
            <div>Samples: <span data-part="label"></span></div>
            <div data-part="drawing-tools">
              <p id="${id("drawing-help")}">Draw in the picture with the mouse or a finger. By keyboard:
                move the cross with the arrow keys, put a dot with the space bar.</p>
            </div>
            <div data-part="pad">${canvas("picture", "Real and generated samples")}</div>
            <div class="playground-row playground-switches" role="group" aria-label="What the picture shows">
              ${switches.join("")}
            </div>
            <div data-part="clear-row">${button("clear", "Clear the drawing")}</div>
            ${this.small ? "" : this.latentBox(id, canvas)}
          </div>
          <div class="playground-side">
            <table data-part="quality">
              <caption>Quality of fresh samples</caption>
              <thead><tr><th scope="col">Measure</th><th scope="col">Now</th><th scope="col">Good</th></tr></thead>
              <tbody></tbody>
            </table>
            <p class="playground-verdict">Verdict: <strong data-part="verdict"></strong></p>
            <div data-part="charts">
              <figure>${canvas("losses", "Losses of both networks at each step")}
                <figcaption>Losses: <span class="playground-real">D on real (solid)</span>,
                <span class="playground-fake">D on generated (dotted)</span>,
                <span class="playground-warp">G (dashed)</span></figcaption></figure>
              ${
                this.small
                  ? ""
                  : `<figure>${canvas("divergence", "Jensen-Shannon divergence")}
                <figcaption>Jensen-Shannon divergence: 0 where both distributions agree</figcaption></figure>`
              }
            </div>
          </div>
        </div>
        ${this.small ? this.linkToPlayground() : this.settingsBox(id, button)}`;
      this.listen();
      this.fill();
    }

    linkToPlayground() {
      const place = this.getAttribute("href") ?? "playground.html";
      return `<p><a href="${place}#t=${this.choice.name}">Open this in the playground</a>, where every
        setting can be changed.</p>`;
    }

    latentBox(id, canvas) {
      const slider = (i) => `<label for="${id(`z${i}`)}">z<sub>${i + 1}</sub>
        <input id="${id(`z${i}`)}" data-latent="${i}" type="range" step="0.05" value="0">
        <output for="${id(`z${i}`)}" aria-live="off"></output></label>`;
      return `
        <fieldset>
          <legend>One latent point</legend>
          <div class="playground-latent">
            ${canvas("latent", "The latent point, which can be dragged; the sliders do the same")}
            <div>${[0, 1, 2].map(slider).join("")}
            <p data-part="other-latents"></p>
            <p>Its sample: <strong data-part="sample"></strong><br>It is marked by a cross in the
            picture.</p></div>
          </div>
        </fieldset>`;
    }

    settingsBox(id, button) {
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
      return `
        <fieldset class="playground-settings" data-part="settings">
          <legend>Settings</legend>
          <div class="playground-fields">${Object.entries(FIELDS).map(field).join("")}</div>
          <p data-part="sizes"></p>
        </fieldset>
        <div class="playground-row">
          ${button("share", "Copy a link to this set-up")}
          <label for="${id("link")}">Link <input id="${id("link")}" data-part="link" type="text" readonly></label>
        </div>`;
    }

    // Write the settings into their fields, and show what fits the target.
    fill() {
      const { name } = this.choice;
      const trained = this.which === "trained";
      const { latentDim, generatorWidths, discriminatorWidths } = this.settings;
      const hide = (part, hidden) => (this.find(part).hidden = hidden);
      const shown = {
        warp: latentDim <= 2,
        pushes: name !== "multiples" && name !== "normal" && !trained,
        heat: !trained,
      };
      for (const [key, on] of Object.entries(shown)) {
        this.querySelector(`[data-switch="${key}"]`).parentElement.hidden = !on;
      }
      const picture = this.find("picture");
      this.find("pad").classList.toggle("playground-drawable", this.drawing);
      hide("drawing-tools", !this.drawing);
      hide("clear-row", !this.drawing);
      hide("charts", trained);
      if (this.drawing) {
        picture.tabIndex = 0;
        picture.setAttribute("role", "application");
        picture.setAttribute("aria-describedby", `${this.idPrefix}-drawing-help`);
      } else {
        picture.removeAttribute("tabindex");
        picture.removeAttribute("aria-describedby");
        picture.setAttribute("role", "img");
      }
      if (this.small) return;
      for (const input of this.querySelectorAll("[data-field]")) {
        const key = input.dataset.field;
        const value = this.settings[key];
        if (key === "waves") input.checked = this.settings.discriminatorWaves > 0;
        else if (input.type === "checkbox") input.checked = Boolean(value);
        else input.value = Array.isArray(value) ? value.join(", ") : value;
        this.complain(input, "");
      }
      this.find("target").value = name;
      this.find("recipe").value = this.which;
      this.find("k").value = this.choice.k;
      this.complain(this.find("k"), "");
      this.find("k").disabled = trained;
      hide("k-label", name !== "multiples");
      hide("settings", trained);
      hide("latent", latentDim === 1);
      const dim = name === "multiples" ? targets.DEPTH : name === "normal" ? 1 : 2;
      this.find("sizes").textContent =
        `Numbers in each layer, from input to output. G: ${[latentDim, ...generatorWidths, dim].join(" → ")}. ` +
        `D: ${[dim, ...discriminatorWidths, 1].join(" → ")}.`;
      const sliders = latentDim > 3 ? 2 : latentDim;
      for (const input of this.querySelectorAll("[data-latent]")) {
        [input.min, input.max] = [-this.reach(), this.reach()];
        input.closest("label").hidden = Number(input.dataset.latent) >= sliders;
      }
      this.find("other-latents").textContent =
        latentDim > sliders
          ? `The other ${latentDim - sliders} latent numbers stay as they are.`
          : "";
    }

    reach() {
      return this.settings.noise === "normal" ? 2 : 1;
    }

    // The set-up in a few words.
    inShort() {
      const recipe = this.which === "trained" ? "a trained generator" : RECIPES[this.which];
      return `${targets.LABELS[this.choice.name]}, ${recipe}`;
    }

    // --- what the reader does ------------------------------------------------------------------

    listen() {
      const click = (name, act) => this.find(name)?.addEventListener("click", act);
      click("train", () => (this.running ? this.tell("pause") : this.train()));
      click("step", () => this.tell("step", "both"));
      click("onlyD", () => this.tell("step", "D"));
      click("onlyG", () => this.tell("step", "G"));
      click("restart", () => this.restart("Back at step 0."));
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
        const found = this.read(input, K);
        if (!found) return;
        this.choice.k = found.value;
        this.restart(`Multiples of ${found.value}. Press Train.`);
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
      const follow = (canvas, act, allowed = () => true) => {
        const place = (event) => {
          const box = canvas.getBoundingClientRect();
          act(event.clientX - box.left, event.clientY - box.top);
        };
        canvas.addEventListener("pointerdown", (event) => {
          if (!allowed()) return;
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
        this.setLatent(1, inside(1 - (top - box.top) / box.height));
      });
      const picture = this.find("picture");
      this.cross = [0, 0];
      const allowed = () => {
        if (!this.drawing) return false;
        // a drawing that is being learnt is not thrown away by one click
        if (this.frame?.steps) this.say("To draw on, press Start over first.");
        return !this.frame?.steps;
      };
      const draw = (left, top) => {
        const { box } = this.plot;
        const place = (share) => (2 * share - 1) * targets.VIEW;
        this.dot(place((left - box.left) / box.width), place(1 - (top - box.top) / box.height));
        this.drawn = true;
      };
      follow(picture, draw, allowed);
      picture.addEventListener("pointerup", () => {
        if (this.drawn) this.restart("Drawn: press Train.");
        this.drawn = false;
      });
      const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
      picture.addEventListener("keydown", (event) => {
        const move = MOVES[event.key];
        if (!this.drawing || (!move && event.key !== " ")) return;
        event.preventDefault();
        if (!allowed()) return;
        if (move) {
          this.cross = this.cross.map((v, i) => Math.min(1, Math.max(-1, v + 0.05 * move[i])));
        } else this.dot(...this.cross);
        const place = this.cross.map((v) => number(v, 2)).join(", ");
        if (move) this.say(`Cross at ${place}.`);
        else this.restart(`A dot at ${place}.`);
        this.draw();
      });
    }

    // Put a dot into the drawing, which reaches from -1 to 1.
    dot(x, y) {
      if (this.choice.drawing.length >= 2 * DOTS) return;
      const rounded = [x, y].map((v) => Math.round(Math.min(1, Math.max(-1, v)) * 32) / 32);
      const last = this.choice.drawing.slice(-2);
      if (last[0] === rounded[0] && last[1] === rounded[1]) return;
      this.choice.drawing.push(...rounded);
      this.draw();
    }

    choose(which) {
      const { name } = this.choice;
      const none = which === "trained" && !Object.hasOwn(TRAINED, name);
      this.takeRecipe(none ? "course" : which, this.settings.seed);
      const names = Object.keys(TRAINED).map((trained) => targets.LABELS[trained]);
      const said = `There is no trained generator for this. There are some for: ${names.join("; ")}.`;
      this.restart(none ? said : `${this.inShort()}.`);
    }

    takeRecipe(which, seed) {
      const { name } = this.choice;
      this.which = which;
      this.settings = { ...targets.recipe(name, which), seed };
      if (which !== "trained") return;
      Object.assign(this.settings, TRAINED[name].noise);
      this.choice.k = 5; // what the course's one was trained for
    }

    // What stands in a field, if it makes sense; else a complaint beside it, and null.
    read(input, [label, kind, valid, hint]) {
      const text = input.value.trim();
      const value = kind === "widths" ? widths(text) : text === "" ? NaN : Number(text);
      const message = valid(value) ? "" : `${label} must be ${hint}, got “${input.value}”.`;
      this.complain(input, message);
      if (!message) return { value };
      this.say(`${message} It is left as it was.`);
      return null;
    }

    complain(input, message) {
      const old = input.parentElement.querySelector(".playground-complaint");
      old?.remove();
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
      if (!message) return;
      const note = document.createElement("span");
      note.className = "playground-complaint";
      note.id = `${input.id}-complaint`;
      note.textContent = message;
      input.after(note);
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", note.id);
    }

    setField(input) {
      const key = input.dataset.field;
      const [label, kind] = FIELDS[key];
      if (kind === "flag") Object.assign(this.settings, this.flag(key, input.checked));
      else if (Array.isArray(kind)) this.settings[key] = input.value;
      else {
        const found = this.read(input, FIELDS[key]);
        if (!found) return;
        this.settings[key] = found.value;
      }
      this.restart(`${label} changed. Back at step 0: press Train.`);
    }

    // What a switch stands for: as in the course's recipe, or off.
    flag(key, on) {
      const course = targets.recipe(this.choice.name, "course");
      const usual = { generatorWaves: 2, discriminatorWaves: 3, average: 0.995 };
      const value = (name) => (on ? course[name] || usual[name] : 0);
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
      this.trainingId += 1;
      this.fill();
      if (this.drawing && drawing.length === 0) {
        this.tell("halt");
        const range = [-1, 1];
        this.fixed = {
          kind: "points",
          ranges: [range, range],
          real: [],
          label: targets.LABELS[name],
        };
        this.say("Draw something to learn.");
        this.update();
        this.draw();
        return;
      }
      const trained = this.which === "trained" ? TRAINED[name].layers : null;
      this.tell("start", {
        id: this.trainingId,
        target: this.choice,
        settings: this.settings,
        trained,
      });
      this.options();
      this.say(message);
    }

    // --- what the worker tells -----------------------------------------------------------------

    receive(data) {
      if (data.id !== this.trainingId) return; // of a training that is over
      if (data.fixed) {
        this.fixed = data.fixed;
        return;
      }
      const before = this.frame;
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
      this.announce(before);
      // the worker goes on at once, but sends its next picture only when this one is on the page
      requestAnimationFrame(() => this.tell("drawn"));
    }

    // What happened, for everybody: said once, not at each picture of a training.
    announce(before) {
      const { frame, running } = this;
      const { D, G } = frame.changes;
      const verdict = `Verdict: ${frame.quality.verdict}.`;
      if (frame.diverged) this.say(frame.diverged);
      else if (frame.ended) {
        this.say(`${frame.done ? "Finished" : "Paused"} at step ${frame.steps}. ${verdict}`);
      } else if (before && !running && before.changes.D + before.changes.G !== D + G) {
        const apart = D === G ? "" : ` D has changed ${D} times, G ${G} times.`;
        this.say(`At step ${frame.steps}.${apart} ${verdict}`);
      }
    }

    say(message) {
      this.find("status").textContent = message;
    }

    // Words and numbers; pictures are drawn by draw().
    update() {
      const { frame, running } = this;
      const trained = this.which === "trained";
      const again = frame?.done && !trained;
      this.find("train").textContent = running ? "Pause" : again ? "Train again" : "Train";
      this.find("train").disabled = !frame || trained;
      for (const name of ["step", "onlyD", "onlyG"]) {
        if (this.find(name)) this.find(name).disabled = !frame || frame.done;
      }
      this.find("label").textContent = this.fixed?.label ?? "";
      this.dataset.state = running ? "running" : "still";
      this.dataset.step = frame?.steps ?? 0;
      this.dataset.verdict = frame?.quality.verdict ?? "";
      this.find("verdict").textContent = this.dataset.verdict;
      this.find("progress").textContent = this.progress();
      this.fillTable(frame ? qualityRows(frame.quality) : []);
      if (this.find("sample")) {
        this.find("sample").textContent = frame ? this.inWords(Array.from(frame.sample)) : "";
      }
    }

    progress() {
      const { frame, running } = this;
      if (!frame) return "";
      if (this.which === "trained") return TRAINED[this.choice.name].about;
      const { D, G } = frame.changes;
      const apart = D === G ? "" : ` (D has changed ${D} times, G ${G} times)`;
      const rate = running && frame.rate ? `, ${Math.round(frame.rate)} steps a second` : "";
      return `Step ${frame.steps} of ${this.settings.steps}${apart}${rate}`;
    }

    // Cells are changed in place: who reads the table keeps the place in it.
    fillTable(rows) {
      const body = this.find("quality").tBodies[0];
      while (body.rows.length > rows.length) body.deleteRow(-1);
      rows.forEach((cells, r) => {
        const row = body.rows[r] ?? body.insertRow();
        cells.forEach((text, i) => {
          let cell = row.cells[i];
          if (!cell) {
            cell = row.appendChild(document.createElement(i ? "td" : "th"));
            if (!i) cell.scope = "row";
          }
          if (cell.textContent !== text) cell.textContent = text;
        });
      });
    }

    // A sample in the units of its data.
    inWords(sample) {
      const { kind, ranges } = this.fixed;
      if (kind === "integers") return `${sample.indexOf(Math.max(...sample))}`;
      const values = sample.map((v, i) => {
        const [low, high] = ranges[i];
        return number(low + ((v + 1) / 2) * (high - low), 2);
      });
      return kind === "points" ? `x = ${values[0]}, y = ${values[1]}` : values[0];
    }

    draw() {
      const { fixed, frame, show } = this;
      const picture = this.find("picture");
      if (!fixed || !picture.clientWidth) return;
      if (!frame && !this.drawing) return;
      const nothing = { fake: [], heat: null, warp: null, pushes: null, sample: null };
      const known = this.drawing ? { ...fixed, real: this.choice.drawing } : fixed;
      this.plot = pictures.samples[fixed.kind](picture, known, frame ?? nothing, show);
      if (this.drawing && document.activeElement === picture) this.drawCross();
      picture.setAttribute("aria-label", this.describe());
      if (!frame) return;
      const rows = Math.max(this.losses.length, 1);
      const losses = this.find("losses");
      if (losses.clientWidth) {
        pictures.losses(losses, this.losses, EQUILIBRIA[this.settings.loss], rows);
        const last = Array.from(this.losses.at(-1) ?? [], (v) => number(v, 2));
        const [real, fake, made] = last;
        const words = last.length ? `: D on real ${real}, D on generated ${fake}, G ${made}` : "";
        losses.setAttribute("aria-label", `Losses of both networks${words}`);
      }
      if (this.small) return;
      const divergence = this.find("divergence");
      if (divergence.clientWidth) {
        pictures.divergence(divergence, this.divergences, Math.max(frame.steps, 1));
        const [, value] = this.divergences.at(-1);
        divergence.setAttribute("aria-label", `Jensen-Shannon divergence: ${number(value, 3)}`);
      }
      const latent = this.find("latent");
      if (latent.clientWidth) {
        this.latentPlot = pictures.latent(
          latent,
          Array.from(this.latent.slice(0, 2)),
          this.reach(),
        );
      }
      for (const slider of this.querySelectorAll("[data-latent]")) {
        const value = this.latent[Number(slider.dataset.latent)] ?? 0;
        slider.value = value;
        const text = number(Number(slider.value), 2);
        const output = slider.nextElementSibling;
        if (output.textContent !== text) output.textContent = text;
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
      if (!frame) return "An empty place to draw";
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
      if (this.drawing && drawing.length) {
        const letters = drawing.map((v) => String.fromCharCode(48 + Math.round((v + 1) * 32)));
        parts.set("d", letters.join(""));
      }
      const usual = { ...targets.recipe(name, this.which), seed: 0 };
      for (const [key, [, kind]] of Object.entries(FIELDS)) {
        if (this.which === "trained") break; // it has none of them
        const [now, then] = [this.settings, usual].map((settings) =>
          key === "waves" ? settings.discriminatorWaves : settings[key],
        );
        if (kind === "flag") {
          if (Boolean(now) !== Boolean(then)) parts.set(key, now ? 1 : 0);
        } else if (`${now}` !== `${then}`) {
          parts.set(key, Array.isArray(now) ? now.join("-") || "none" : now);
        }
      }
      return `${location.href.split("#")[0]}#${parts}`;
    }

    // Takes over the set-up of the page's address; returns what could not be used, in words.
    readLink() {
      const parts = new URLSearchParams(location.hash.slice(1));
      const name = parts.get("t");
      if (!name) return "";
      if (!Object.hasOwn(targets.LABELS, name))
        return `The link names an unknown target, “${name}”.`;
      this.choice.name = name;
      const wrong = [];
      const which = parts.get("r") ?? "course";
      const trained = which === "trained" && Object.hasOwn(TRAINED, name);
      const known = trained || Object.hasOwn(RECIPES, which);
      if (!known) wrong.push(`r=${which}`);
      this.takeRecipe(known ? which : "course", 0);
      if (parts.has("k") && !trained) {
        if (K[2](Number(parts.get("k")))) this.choice.k = Number(parts.get("k"));
        else wrong.push(`k=${parts.get("k")}`);
      }
      if (parts.has("d")) {
        const values = Array.from(parts.get("d"), (c) => (c.charCodeAt(0) - 48) / 32 - 1);
        const fits = values.length % 2 === 0 && values.length <= 2 * DOTS;
        if (fits && values.every(between(-1, 1))) this.choice.drawing = values;
        else wrong.push("d");
      }
      for (const [key, [, kind, valid]] of Object.entries(FIELDS)) {
        if (!parts.has(key)) continue;
        const text = parts.get(key);
        let good = true;
        if (kind === "flag") Object.assign(this.settings, this.flag(key, text === "1"));
        else if (Array.isArray(kind)) {
          good = kind.includes(text);
          if (good) this.settings[key] = text;
        } else {
          const value = kind === "widths" ? widths(text === "none" ? "" : text) : Number(text);
          good = valid(value);
          if (good) this.settings[key] = value;
        }
        if (!good) wrong.push(`${key}=${text}`);
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
