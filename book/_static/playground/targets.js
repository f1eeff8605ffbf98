// What can be learnt, and by which settings: the targets and recipes of the playground.
"use strict";

function ganTargets(core, measures) {
  const COUNT = 2048; // samples in a data set, as in the course
  const VIEW = 1.3; // how far the picture reaches, where the data reach from -1 to 1
  const CELLS = 20; // of the picture, each way, in which samples are counted
  const DEPTH = 100; // integers are 0 to 99, as one-hot rows

  const CURVES = {
    exponential: { label: "y = 1.08ˣ", curve: (x) => 1.08 ** x, low: 0, high: 50 },
    sine: { label: "y = sin x", curve: Math.sin, low: -5, high: 5 },
    inverted_u: { label: "y = 10 - x²", curve: (x) => 10 - x * x, low: -4, high: 4 },
  };
  const LABELS = {
    exponential: "Exponential curve, y = 1.08ˣ",
    sine: "Sine, y = sin x",
    inverted_u: "Inverted U, y = 10 - x²",
    normal: "Normal distribution from uniform noise",
    multiples: "Integers: multiples of k",
    ring: "Ring",
    heaps: "Eight heaps",
    drawing: "Your own drawing",
  };

  // drawings that are there already: points on a circle, many or eight
  const circle = (count) =>
    Array.from({ length: 2 * count }, (_, i) => {
      const angle = (2 * Math.PI * Math.floor(i / 2)) / count;
      return 0.9 * (i % 2 ? Math.sin(angle) : Math.cos(angle));
    });
  const SHAPES = { ring: circle(240), heaps: circle(8) };

  // gan_course/many/recipes.py: QUICK with two latent numbers, and for what turns back larger
  // batches and more steps.
  const QUICK = {
    latentDim: 2,
    noise: "even",
    generatorWidths: [32, 32],
    discriminatorWidths: [64, 64],
    generatorWaves: 2,
    discriminatorWaves: 3,
    lastLayer: "linear",
    slope: 0.2,
    batch: 128,
    steps: 1000,
    generatorRate: 8e-3,
    discriminatorRate: 2e-2,
    betas: [0, 0.99],
    decay: true,
    average: 0.99,
    loss: "log D",
    penalty: 0.1,
  };
  const LONGER = { ...QUICK, batch: 256, steps: 3000, average: 0.995 };
  // PATTERNS of the same file
  const PATTERNS = {
    ...QUICK,
    latentDim: 100,
    noise: "normal",
    generatorWidths: [],
    discriminatorWidths: [],
    generatorWaves: 0,
    discriminatorWaves: 0,
    lastLayer: "softmax",
    slope: 0,
    batch: 64,
    steps: 3000,
    generatorRate: 2e-2,
    discriminatorRate: 2e-1,
    average: 0.998,
    penalty: 0,
  };
  // the course recipe of project 3, see benchmarks/normal.py
  const NORMAL = {
    ...QUICK,
    latentDim: 1,
    generatorWidths: [64, 32],
    discriminatorWidths: [64, 32],
    generatorWaves: 0,
    discriminatorWaves: 0,
    steps: 4000,
    generatorRate: 4e-3,
    discriminatorRate: 2e-2,
    betas: [0, 0.9],
    average: 0.998,
    penalty: 0,
  };
  // what a first GAN is commonly given: none of what the course's recipe has
  const PUBLISHED = {
    noise: "normal",
    generatorWaves: 0,
    discriminatorWaves: 0,
    slope: 0,
    generatorRate: 5e-4,
    discriminatorRate: 5e-4,
    betas: [0.9, 0.999],
    decay: false,
    average: 0,
    penalty: 0,
  };

  // The settings of a target by one of two recipes, "course" or "published".
  function recipe(name, which) {
    const course = { exponential: QUICK, normal: NORMAL, multiples: PATTERNS }[name] ?? LONGER;
    if (which !== "published") return { ...course };
    const widths =
      course.latentDim === 2 ? { generatorWidths: [16, 32], discriminatorWidths: [64, 64] } : {};
    const own = { normal: { noise: "uniform" }, multiples: { lastLayer: "relu", batch: 10 } };
    return { ...course, ...PUBLISHED, ...widths, batch: 128, steps: 4000, ...own[name] };
  }

  // What the real samples come from. Networks see "scaled" samples, -1 to 1 for points; `scale`
  // makes them of data units.
  //   name: one of LABELS; k: of multiples; drawing: points [x, y, x, y, ...] from -1 to 1
  function makeTarget({ name, k = 5, drawing = [] }, random) {
    if (name === "multiples") return integers(k);
    if (name === "normal") return normal(random);
    if (name in SHAPES) return cloud(SHAPES[name], LABELS[name], random);
    if (name === "drawing") return cloud(drawing, LABELS[name], random);
    return curve(CURVES[name], random);
  }

  // Draws n rows of a data set, all of it in random order, in rounds.
  function fromDataSet(samples, dim) {
    const count = samples.length / dim;
    let order = [];
    let at = 0;
    return (n, random) => {
      const rows = new Float32Array(n * dim);
      for (let i = 0; i < n; i++) {
        if (at >= order.length) {
          order = core.shuffled(random, count);
          at = 0;
        }
        const from = order[at++] * dim;
        for (let d = 0; d < dim; d++) rows[i * dim + d] = samples[from + d];
      }
      return rows;
    };
  }

  function curve({ curve, low, high, label }, random) {
    const points = new Float64Array(2 * COUNT);
    for (let i = 0; i < COUNT; i++) {
      points[2 * i] = low + (high - low) * random.uniform();
      points[2 * i + 1] = curve(points[2 * i]);
    }
    const ranges = [0, 1].map((c) => {
      const values = measures.column(points, 2, c);
      return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
    });
    const scale = (values) =>
      Float32Array.from(values, (v, i) => {
        const [least, most] = ranges[i % 2];
        return (2 * (v - least)) / (most - least) - 1;
      });
    const scaled = scale(points);
    const unscale = (samples) =>
      Float64Array.from(samples, (v, i) => {
        const [least, most] = ranges[i % 2];
        return least + ((v + 1) / 2) * (most - least);
      });
    return {
      dim: 2,
      kind: "points",
      label,
      ranges,
      real: scaled,
      draw: fromDataSet(scaled, 2),
      scale,
      quality: (samples) => measures.curveQuality(unscale(samples), curve, low, high),
      histogram: grid,
    };
  }

  // The samples of a drawing: its points, each moved a little at random, so that it has a breadth.
  function cloud(drawing, label, random) {
    const dots = drawing.length / 2;
    const scaled = new Float32Array(2 * COUNT);
    for (let i = 0; i < COUNT; i++) {
      const from = Math.floor(random.uniform() * dots);
      scaled[2 * i] = drawing[2 * from] + 0.02 * random.normal();
      scaled[2 * i + 1] = drawing[2 * from + 1] + 0.02 * random.normal();
    }
    return {
      dim: 2,
      kind: "points",
      label,
      ranges: [
        [-1, 1],
        [-1, 1],
      ],
      real: scaled,
      draw: fromDataSet(scaled, 2),
      quality: (samples) => measures.cloudQuality(samples, scaled.subarray(0, 1000)),
      histogram: grid,
    };
  }

  function normal(random) {
    const values = core.drawNormal(random, COUNT);
    return {
      dim: 1,
      kind: "line",
      label: "N(0, 1)",
      ranges: [[-1, 1]],
      real: values,
      draw: (n, source) => core.drawNormal(source, n), // always fresh ones
      scale: (values) => values,
      quality: (samples) => measures.normalQuality(samples),
      histogram: (samples) => measures.histogram(samples, -4, 4, measures.BINS),
    };
  }

  function integers(k) {
    const values = Array.from({ length: Math.ceil(DEPTH / k) }, (_, i) => i * k);
    const rows = (n, random) => {
      const samples = new Float32Array(n * DEPTH);
      for (let i = 0; i < n; i++) {
        samples[i * DEPTH + values[Math.floor(random.uniform() * values.length)]] = 1;
      }
      return samples;
    };
    const quality = (samples) => measures.integerQuality(samples, DEPTH, values);
    return {
      dim: DEPTH,
      kind: "integers",
      label: `multiples of ${k} below ${DEPTH}`,
      values,
      scale: (shares) => shares,
      draw: rows,
      quality,
      histogram: (samples) => quality(samples).counts,
    };
  }

  // How many points lie in each cell of the picture.
  function grid(samples) {
    const counts = new Float64Array(CELLS * CELLS);
    for (let i = 0; i < samples.length; i += 2) {
      const [x, y] = [samples[i], samples[i + 1]].map((v) =>
        Math.min(CELLS - 1, Math.max(0, Math.floor(((v + VIEW) / (2 * VIEW)) * CELLS))),
      );
      counts[y * CELLS + x] += 1;
    }
    return counts;
  }

  return { VIEW, DEPTH, LABELS, recipe, makeTarget };
}
