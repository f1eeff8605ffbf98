// One training in the page, from its data to what the page shows of it.
"use strict";

function ganSession(core, targets, measures) {
  const SHOWN = 400; // generated points in the picture, always from the same noise
  const ARROWS = 60;
  const MEASURED = 2000; // fresh samples of a measurement, and at the end
  const MEASURED_AT_END = 5000;
  const HEAT = 40; // places, each way, at which the discriminator is asked
  const LINE = 97; // the same for numbers on a line
  const WARP = 13; // latent lines each way

  class Session {
    // setup: { target: see makeTarget, settings: see Gan, without dim,
    //          trained: layers of a trained generator, in place of a training }
    constructor({ target, settings, trained = null }) {
      const { seed } = settings;
      // each kind of random number has a source of its own
      const source = (kind) => new core.Random(Math.imul(seed + 1, 0x9e3779b1) + kind);
      this.target = targets.makeTarget(target, source(1));
      this.settings = { ...settings, dim: this.target.dim };
      this.random = source(2);
      this.source = source;
      this.trained = trained;
      this.gan = trained ? null : new core.Gan(this.settings);
      this.noise = core.drawNoise(this.settings, SHOWN, source(4));
      this.latent = core.drawNoise(this.settings, 1, source(5)); // the one that can be dragged
      if (target.name !== "multiples") this.latent.fill(0);
      this.expected = this.target.histogram(this.target.draw(20000, source(6)));
      this.losses = []; // [real, fake, generator] of the steps since the last frame
      this.changes = { D: 0, G: 0 };
      this.diverged = null;
      this.measure();
    }

    get steps() {
      return this.gan ? this.gan.steps : 0;
    }

    get done() {
      return this.trained !== null || this.diverged !== null || this.steps >= this.settings.steps;
    }

    // One step: both networks, or only "D", or only "G".
    step(which = "both") {
      if (this.done) return;
      const batch = core.drawBatch(this.settings, this.target.draw, this.random);
      const one = { both: "step", D: "stepDiscriminator", G: "stepGenerator" }[which];
      const found = this.gan[one](batch);
      const { real = NaN, fake = NaN, generator = NaN } = found; // a gap for who stood still
      this.losses.push(real, fake, generator);
      if (which !== "G") this.changes.D += 1;
      if (which !== "D") this.changes.G += 1;
      if (!Object.values(found).every(Number.isFinite)) {
        this.diverged =
          `The training diverged in step ${this.steps}: a loss is not a finite number. ` +
          "Try smaller learning rates.";
      }
      if (this.done) this.measure();
    }

    // Samples as the page shows and measures them, from noise (n, latentDim).
    generate(noise, n) {
      if (!this.trained) return this.gan.sample(noise, n);
      return this.target.scale(core.runLayers(this.trained, noise, n));
    }

    measure() {
      const n = this.done ? MEASURED_AT_END : MEASURED;
      const { settings } = this;
      // even noise is for training: what is generated later comes from independent draws
      const plain = { ...settings, noise: settings.noise === "even" ? "uniform" : settings.noise };
      // the same noise at the same step, however often was measured before
      const samples = this.generate(core.drawNoise(plain, n, this.source(7 + this.steps)), n);
      const counts = this.target.histogram(samples);
      this.quality = {
        ...this.target.quality(samples),
        divergence: measures.jensenShannon(this.expected, counts),
      };
      this.counts = counts;
      this.measuredAt = this.steps;
    }

    // P(real) of samples (n, dim): what the discriminator answers.
    opinion(samples, n) {
      // with least squares D's score itself is the answer, 1 for real, and may lie outside of 0 to 1
      const squares = this.settings.loss === "least squares";
      const answer = squares ? (v) => Math.min(1, Math.max(0, v)) : (v) => 1 / (1 + Math.exp(-v));
      return this.gan.judge(samples, n).logits.map(answer);
    }

    // The picture, place by place: what D answers there.
    heat() {
      const { kind, dim } = this.target;
      const at = (i, count, reach) => ((2 * (i + 0.5)) / count) * reach - reach;
      if (kind === "points") {
        const places = new Float32Array(2 * HEAT * HEAT);
        for (let i = 0; i < HEAT * HEAT; i++) {
          places[2 * i] = at(i % HEAT, HEAT, targets.VIEW);
          places[2 * i + 1] = at(Math.floor(i / HEAT), HEAT, targets.VIEW);
        }
        return this.opinion(places, HEAT * HEAT);
      }
      if (kind === "line") {
        return this.opinion(
          Float32Array.from({ length: LINE }, (_, i) => at(i, LINE, 4)),
          LINE,
        );
      }
      const each = new Float32Array(dim * dim);
      for (let i = 0; i < dim; i++) each[i * dim + i] = 1;
      return this.opinion(each, dim);
    }

    // What the generator makes of a grid of latent points, the other numbers being 0.
    warp() {
      const { latentDim, noise } = this.settings;
      if (latentDim > 2) return null;
      const reach = noise === "normal" ? 2 : 1;
      const each = (i, count) => (2 * reach * i) / (count - 1) - reach;
      const n = latentDim === 1 ? LINE : WARP * WARP;
      const grid = new Float32Array(n * latentDim);
      for (let i = 0; i < n; i++) {
        grid[i * latentDim] = latentDim === 1 ? each(i, LINE) : each(i % WARP, WARP);
        if (latentDim > 1) grid[i * latentDim + 1] = each(Math.floor(i / WARP), WARP);
      }
      return this.generate(grid, n);
    }

    // All that the page shows. Measuring takes longer than the rest: only where it is due.
    frame({ heat = true, due = false } = {}) {
      if (due && this.measuredAt !== this.steps) this.measure();
      const losses = Float32Array.from(this.losses);
      this.losses = [];
      const pushes = this.gan?.pushes;
      const { kind } = this.target;
      return {
        steps: this.steps,
        changes: this.changes,
        done: this.done,
        diverged: this.diverged,
        losses,
        quality: this.quality,
        measuredAt: this.measuredAt,
        counts: this.counts,
        fake: kind === "points" ? this.generate(this.noise, SHOWN) : null,
        heat: heat && this.gan ? this.heat() : null,
        warp: this.warp(),
        pushes:
          kind === "points" && pushes
            ? {
                samples: pushes.samples.slice(0, 2 * ARROWS),
                slopes: pushes.slopes.slice(0, 2 * ARROWS),
              }
            : null,
        latent: this.latent,
        sample: this.generate(this.latent, 1),
      };
    }

    // What stays the same during a training: shown once.
    fixed() {
      const { kind, ranges, values, label } = this.target;
      const total = this.expected.reduce((a, b) => a + b, 0);
      return {
        kind,
        ranges,
        values,
        label,
        real: kind === "points" ? this.target.real.slice(0, 2 * SHOWN) : null,
        expected: this.expected.map((count) => count / total),
      };
    }
  }

  return { Session, MEASURED, MEASURED_AT_END, HEAT, LINE, WARP };
}

// What runs in the worker: trains in short turns, and listens between them.
function ganWorker(scope, makeSession) {
  const TURN = 20; // milliseconds
  const BETWEEN_FRAMES = 60;
  const BETWEEN_MEASUREMENTS = 500;
  let session = null;
  let id = 0; // of the training: the page heeds no picture of an earlier one
  let running = false;
  let speed = 0; // steps a second; 0 is as many as can be
  let heat = true;
  let waiting = false; // for the page to have drawn the last frame
  let lastFrame = 0;
  let lastMeasured = 0;
  let owed = 0; // steps due, where the speed is limited
  let lastTurn = 0;
  let counted = { steps: 0, since: 0, rate: 0 };

  // ended: this picture is the last one of a run, which has come to its end or was told to stop
  function send(ended = false) {
    const now = performance.now();
    const due = session.done || !running || now - lastMeasured > BETWEEN_MEASUREMENTS;
    const frame = session.frame({ heat, due });
    if (due) lastMeasured = now;
    if (now - counted.since > 1000 || session.done) {
      const rate = ((session.steps - counted.steps) / (now - counted.since)) * 1000;
      counted = { steps: session.steps, since: now, rate };
    }
    scope.postMessage({ id, ...frame, ended, rate: counted.rate });
    waiting = true;
    lastFrame = now;
  }

  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    if (!running) return;
    const start = performance.now();
    owed = speed ? Math.min(speed, owed + ((start - lastTurn) / 1000) * speed) : Infinity;
    lastTurn = start;
    while (owed >= 1 && !session.done && performance.now() - start < TURN) {
      session.step();
      owed -= 1;
    }
    if (session.done) running = false;
    if (!running) send(true);
    else if (!waiting && performance.now() - lastFrame > BETWEEN_FRAMES) send();
    if (running && speed) setTimeout(() => port2.postMessage(0), 15);
    else if (running) port2.postMessage(0); // after the messages that came meanwhile
  };

  function halt() {
    const before = running;
    running = false;
    return before;
  }

  const orders = {
    halt,
    start(setup) {
      running = false;
      ({ id } = setup);
      session = makeSession(setup);
      counted = { steps: 0, since: performance.now(), rate: 0 };
      scope.postMessage({ id, fixed: session.fixed() });
      send();
    },
    train() {
      if (running || session.done) return;
      running = true;
      lastTurn = performance.now();
      owed = 1;
      counted = { steps: session.steps, since: lastTurn, rate: 0 };
      port2.postMessage(0);
    },
    pause() {
      send(halt());
    },
    step(which) {
      const ended = halt();
      session.step(which);
      send(ended);
    },
    show(options) {
      ({ heat, speed } = options);
      if (session && !running) send();
    },
    latent(values) {
      session.latent.set(values);
      if (!running) send();
    },
    drawn() {
      waiting = false;
    },
  };
  scope.onmessage = ({ data: [order, value] }) => orders[order](value);
}
