// The GAN of the playground: two networks, their losses, Adam, and one training step.
//
// Everything is inside one function, so that a page opened from a file can hand its text to a
// worker. No library, no network. Tables are Float32Array, row after row, as in the course:
// samples (n, dim), weights (inputs, outputs).
"use strict";

function ganCore() {
  // Random numbers that can be repeated: mulberry32, and Marsaglia's polar method for N(0, 1).
  class Random {
    constructor(seed) {
      this.state = Int32Array.of(seed); // not a plain number, which would be boxed at each change
      this.spare = NaN;
    }

    uniform() {
      this.state[0] += 0x6d2b79f5;
      let t = this.state[0];
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    }

    // Two numbers come at a time, from a random point in the unit circle.
    normal() {
      if (!Number.isNaN(this.spare)) {
        const kept = this.spare;
        this.spare = NaN;
        return kept;
      }
      let x = 0;
      let y = 0;
      let square = 0;
      do {
        x = 2 * this.uniform() - 1;
        y = 2 * this.uniform() - 1;
        square = x * x + y * y;
      } while (square >= 1 || square === 0);
      const stretch = Math.sqrt((-2 * Math.log(square)) / square);
      this.spare = y * stretch;
      return x * stretch;
    }
  }

  // result (rows, columns) += left times right (inner, columns), where left of row i and place k is
  // left[i * row + k * place]: turned by swapping the two steps. Two rows and four places at a time,
  // as a number that was read once can then be used several times. Beyond the ends stand zeros.
  function addProduct(left, row, place, right, result, rows, inner, columns) {
    for (let i = 0; i < rows; i += 2) {
      const two = i + 1 < rows;
      const to = i * columns;
      const next = two ? to + columns : to;
      for (let k = 0; k < inner; k += 4) {
        const left4 = Math.min(4, inner - k);
        const from = i * row + k * place;
        const a0 = left[from];
        const a1 = left4 > 1 ? left[from + place] : 0;
        const a2 = left4 > 2 ? left[from + 2 * place] : 0;
        const a3 = left4 > 3 ? left[from + 3 * place] : 0;
        const b0 = two ? left[from + row] : 0;
        const b1 = two && left4 > 1 ? left[from + row + place] : 0;
        const b2 = two && left4 > 2 ? left[from + row + 2 * place] : 0;
        const b3 = two && left4 > 3 ? left[from + row + 3 * place] : 0;
        const r0 = k * columns;
        const r1 = left4 > 1 ? r0 + columns : r0;
        const r2 = left4 > 2 ? r1 + columns : r0;
        const r3 = left4 > 3 ? r2 + columns : r0;
        for (let j = 0; j < columns; j++) {
          const w0 = right[r0 + j];
          const w1 = right[r1 + j];
          const w2 = right[r2 + j];
          const w3 = right[r3 + j];
          result[to + j] += a0 * w0 + a1 * w1 + a2 * w2 + a3 * w3;
          result[next + j] += b0 * w0 + b1 * w1 + b2 * w2 + b3 * w3;
        }
      }
    }
  }

  // left (rows, inner) times right (inner, columns), plus bias: a new table (rows, columns)
  function product(left, right, bias, rows, inner, columns) {
    const result = new Float32Array(rows * columns);
    if (bias) for (let i = 0; i < rows; i++) result.set(bias, i * columns);
    addProduct(left, inner, 1, right, result, rows, inner, columns);
    return result;
  }

  // left (rows, columns) times right (inner, columns), turned: a new table (rows, inner)
  function productWithTurned(left, right, rows, inner, columns) {
    const turned = new Float32Array(columns * inner);
    for (let k = 0; k < inner; k++) {
      for (let j = 0; j < columns; j++) turned[j * inner + k] = right[k * columns + j];
    }
    return product(left, turned, null, rows, columns, inner);
  }

  // result (inner, columns) += left (rows, inner), turned, times right (rows, columns)
  function addTurnedProduct(left, right, result, rows, inner, columns) {
    addProduct(left, 1, inner, right, result, inner, rows, columns);
  }

  // Linear layers with LeakyReLU between them: (n, sizes[0]) -> (n, sizes.at(-1)).
  class Network {
    constructor(sizes, slope, random) {
      this.sizes = sizes;
      this.slope = slope;
      this.layers = [];
      for (let l = 0; l + 1 < sizes.length; l++) {
        const bound = 1 / Math.sqrt(sizes[l]); // as nn.Linear begins
        const draw = () => (2 * random.uniform() - 1) * bound;
        this.layers.push({
          inputs: sizes[l],
          outputs: sizes[l + 1],
          weight: Float32Array.from({ length: sizes[l] * sizes[l + 1] }, draw),
          bias: Float32Array.from({ length: sizes[l + 1] }, draw),
          weightSlopes: new Float32Array(sizes[l] * sizes[l + 1]),
          biasSlopes: new Float32Array(sizes[l + 1]),
        });
      }
    }

    // What each layer sees is kept in the answer, for the way back: seen[0] is the input itself.
    forward(values, n) {
      const seen = [values];
      this.layers.forEach((layer, l) => {
        const { weight, bias, inputs, outputs } = layer;
        const result = product(seen[l], weight, bias, n, inputs, outputs);
        if (l + 1 < this.layers.length) {
          for (let i = 0; i < result.length; i++) if (result[i] < 0) result[i] *= this.slope;
        }
        seen.push(result);
      });
      return seen;
    }

    copyFrom(other) {
      this.moveTowards(other, 1);
    }

    // Move each weight by a share of its way to another network's.
    moveTowards(other, share) {
      this.layers.forEach((layer, l) => {
        for (const name of ["weight", "bias"]) {
          const mine = layer[name];
          const theirs = other.layers[l][name];
          for (let i = 0; i < mine.length; i++) mine[i] += share * (theirs[i] - mine[i]);
        }
      });
    }

    clearSlopes() {
      for (const layer of this.layers) {
        layer.weightSlopes.fill(0);
        layer.biasSlopes.fill(0);
      }
    }

    // From the slopes of the loss by the outputs to those by the inputs, (n, sizes[0]); those by
    // the weights are added to what is there, unless they are not wanted.
    backward(seen, slopes, n, wanted = true) {
      for (let l = this.layers.length - 1; l >= 0; l--) {
        const layer = this.layers[l];
        if (wanted) {
          addTurnedProduct(seen[l], slopes, layer.weightSlopes, n, layer.inputs, layer.outputs);
          for (let i = 0; i < n; i++) {
            for (let j = 0; j < layer.outputs; j++) {
              layer.biasSlopes[j] += slopes[i * layer.outputs + j];
            }
          }
        }
        const before = productWithTurned(slopes, layer.weight, n, layer.inputs, layer.outputs);
        if (l > 0) {
          for (let i = 0; i < before.length; i++) if (seen[l][i] <= 0) before[i] *= this.slope;
        }
        slopes = before;
      }
      return slopes;
    }

    // Adds the slopes of weight / 2 times the mean squared slope of the output by the samples (R1, R2,
    // Mescheder et al. 2018), and returns that penalty. LeakyReLU is made of straight pieces, so
    // the slope by the input is a chain of products, and so is its own derivative. `toSamples`
    // turns slopes by the input into slopes by the samples, `toInput` is the way back.
    addPenalty(seen, n, weight, toSamples, toInput) {
      const last = this.layers.length - 1;
      // downwards: the slope of the output by what layer l puts out, before its LeakyReLU
      const slopes = [];
      slopes[last] = new Float32Array(n).fill(1);
      for (let l = last; l > 0; l--) {
        const layer = this.layers[l];
        slopes[l - 1] = productWithTurned(slopes[l], layer.weight, n, layer.inputs, layer.outputs);
        for (let i = 0; i < slopes[l - 1].length; i++) {
          if (seen[l][i] <= 0) slopes[l - 1][i] *= this.slope;
        }
      }
      const first = this.layers[0];
      const byInput = productWithTurned(slopes[0], first.weight, n, first.inputs, first.outputs);
      const bySamples = toSamples(byInput);
      let total = 0;
      for (const value of bySamples) total += value * value;
      // upwards: the derivative of the penalty by each of these slopes
      let carried = toInput(bySamples.map((value) => (value * weight) / n));
      this.layers.forEach((layer, l) => {
        addTurnedProduct(carried, slopes[l], layer.weightSlopes, n, layer.inputs, layer.outputs);
        if (l === last) return;
        const next = product(carried, layer.weight, null, n, layer.inputs, layer.outputs);
        for (let i = 0; i < next.length; i++) if (seen[l + 1][i] <= 0) next[i] *= this.slope;
        carried = next;
      });
      return (weight / 2) * (total / n);
    }
  }

  // Adam (Kingma and Ba 2015), with PyTorch's order of operations.
  class Adam {
    constructor(network, rate, betas) {
      this.rate = rate;
      this.betas = betas;
      this.steps = 0;
      this.places = network.layers.flatMap((layer) => [
        [layer.weight, layer.weightSlopes],
        [layer.bias, layer.biasSlopes],
      ]);
      this.mean = this.places.map(([weights]) => new Float32Array(weights.length));
      this.square = this.places.map(([weights]) => new Float32Array(weights.length));
    }

    step(rate = this.rate) {
      this.steps += 1;
      const [first, second] = this.betas;
      const size = rate / (1 - first ** this.steps);
      const correction = Math.sqrt(1 - second ** this.steps);
      this.places.forEach(([weights, slopes], p) => {
        const mean = this.mean[p];
        const square = this.square[p];
        for (let i = 0; i < weights.length; i++) {
          mean[i] += (1 - first) * (slopes[i] - mean[i]);
          square[i] = second * square[i] + (1 - second) * slopes[i] * slopes[i];
          weights[i] -= (size * mean[i]) / (Math.sqrt(square[i]) / correction + 1e-8);
        }
      });
    }
  }

  const FALL = 1000; // the weight of the penalty falls to this part of itself, step by step

  const sigmoid = (v) => 1 / (1 + Math.exp(-v));
  const softplus = (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));

  // Each loss of one logit, and its derivative: of D on real, of D on fake, of G on its fakes.
  const LOSSES = {
    // Goodfellow et al. 2014, section 3: G maximises log D
    "log D": {
      real: (v) => [softplus(-v), sigmoid(v) - 1],
      fake: (v) => [softplus(v), sigmoid(v)],
      generator: (v) => [softplus(-v), sigmoid(v) - 1],
    },
    // the same for D; G minimises log(1 - D)
    "log(1 - D)": {
      real: (v) => [softplus(-v), sigmoid(v) - 1],
      fake: (v) => [softplus(v), sigmoid(v)],
      generator: (v) => [-softplus(v), -sigmoid(v)],
    },
    // Mao et al. 2017, equation 9
    "least squares": {
      real: (v) => [(v - 1) ** 2 / 2, v - 1],
      fake: (v) => [v ** 2 / 2, v],
      generator: (v) => [(v - 1) ** 2 / 2, v - 1],
    },
  };

  // Mean loss of some logits; its slopes are written into `slopes`.
  function judgeAll(loss, logits, slopes) {
    let total = 0;
    for (let i = 0; i < logits.length; i++) {
      const [value, slope] = loss(logits[i]);
      total += value;
      slopes[i] = slope / logits.length;
    }
    return total / logits.length;
  }

  // Sines and cosines beside each number v, sin(k pi/2 v) and cos(k pi/2 v), `count` of each for k =
  // 1, 2, 4 ..., as many.add_waves of the course does: (n, dim) -> (n, dim (1 + 2 count)).
  class Waves {
    constructor(dim, count) {
      this.dim = dim;
      this.count = count;
      this.width = dim * (1 + 2 * count);
    }

    add(values, n) {
      const { dim, count, width } = this;
      if (width === dim) return values;
      const result = new Float32Array(n * width);
      for (let i = 0; i < n; i++) {
        for (let d = 0; d < dim; d++) {
          const v = values[i * dim + d];
          const to = i * width + d;
          result[to] = v;
          for (let k = 1; k <= count; k++) {
            const angle = (Math.PI / 2) * 2 ** (k - 1) * v;
            result[to + (2 * k - 1) * dim] = Math.sin(angle);
            result[to + 2 * k * dim] = Math.cos(angle);
          }
        }
      }
      return result;
    }

    // The derivative of what v becomes, times `slopes` (n, width): back to (n, dim).
    back(values, slopes, n) {
      return this.derive(values, n, slopes, null);
    }

    // The same derivative the other way round: from (n, dim) on to (n, width).
    onward(values, changes, n) {
      return this.derive(values, n, null, changes);
    }

    derive(values, n, slopes, changes) {
      const { dim, count, width } = this;
      if (width === dim) return slopes ?? changes;
      const result = new Float32Array(n * (slopes ? dim : width));
      for (let i = 0; i < n; i++) {
        for (let d = 0; d < dim; d++) {
          const v = values[i * dim + d];
          const at = i * width + d;
          const pass = (to, derivative) => {
            if (slopes) result[i * dim + d] += derivative * slopes[to];
            else result[to] = derivative * changes[i * dim + d];
          };
          pass(at, 1);
          for (let k = 1; k <= count; k++) {
            const rate = (Math.PI / 2) * 2 ** (k - 1);
            pass(at + (2 * k - 1) * dim, rate * Math.cos(rate * v));
            pass(at + 2 * k * dim, -rate * Math.sin(rate * v));
          }
        }
      }
      return result;
    }
  }

  // Rows that add up to 1: (n, dim) in place.
  function softmax(values, n, dim) {
    for (let i = 0; i < n; i++) {
      const end = (i + 1) * dim;
      let largest = -Infinity;
      for (let d = i * dim; d < end; d++) if (values[d] > largest) largest = values[d];
      let total = 0;
      for (let d = i * dim; d < end; d++) total += values[d] = Math.exp(values[d] - largest);
      for (let d = i * dim; d < end; d++) values[d] /= total;
    }
  }

  function backThroughSoftmax(shares, slopes, n, dim) {
    const result = new Float32Array(n * dim);
    for (let i = 0; i < n; i++) {
      let mean = 0;
      for (let d = 0; d < dim; d++) mean += shares[i * dim + d] * slopes[i * dim + d];
      for (let d = 0; d < dim; d++) {
        result[i * dim + d] = shares[i * dim + d] * (slopes[i * dim + d] - mean);
      }
    }
    return result;
  }

  class Gan {
    // settings: those of the course, see gan_course/recipes.py, and dim, the numbers in a sample.
    constructor(settings) {
      this.settings = settings;
      const random = new Random(settings.seed);
      const { latentDim, dim, generatorWidths, discriminatorWidths, slope, betas } = settings;
      this.noiseWaves = new Waves(latentDim, settings.generatorWaves);
      this.sampleWaves = new Waves(dim, settings.discriminatorWaves);
      const generatorSizes = [this.noiseWaves.width, ...generatorWidths, dim];
      const discriminatorSizes = [this.sampleWaves.width, ...discriminatorWidths, 1];
      this.generator = new Network(generatorSizes, slope, random);
      this.discriminator = new Network(discriminatorSizes, slope, random);
      this.changeG = new Adam(this.generator, settings.generatorRate, betas);
      this.changeD = new Adam(this.discriminator, settings.discriminatorRate, betas);
      this.average = settings.average ? new Network(generatorSizes, slope, random) : this.generator;
      this.average.copyFrom(this.generator);
      this.steps = 0; // changes of the generator so far
      this.pushes = null; // the last generated samples, and the slopes of G's loss by them
    }

    // What is done already, as a share of all steps.
    get progress() {
      return Math.min(1, this.steps / this.settings.steps);
    }

    // Samples (n, dim) from noise (n, latentDim), and what is needed for the way back.
    generate(network, noise, n) {
      const seen = network.forward(this.noiseWaves.add(noise, n), n);
      const samples = seen.at(-1);
      const { lastLayer, dim } = this.settings;
      if (lastLayer === "softmax") softmax(samples, n, dim);
      else if (lastLayer === "relu")
        for (let i = 0; i < n * dim; i++) if (samples[i] < 0) samples[i] = 0;
      return { seen, samples };
    }

    // Samples of the averaged generator: what it is judged by.
    sample(noise, n) {
      return this.generate(this.average, noise, n).samples;
    }

    // D's logits of samples (n, dim), and what is needed for the way back.
    judge(samples, n) {
      const seen = this.discriminator.forward(this.sampleWaves.add(samples, n), n);
      return { seen, logits: seen.at(-1) };
    }

    // One change of D. real: (n, dim); noise: (n, latentDim).
    stepDiscriminator({ real, noise }) {
      const { discriminator, settings, sampleWaves } = this;
      const n = real.length / settings.dim;
      const loss = LOSSES[settings.loss];
      const slopes = new Float32Array(n);
      const weight = settings.penalty * FALL ** -this.progress;
      let penalty = 0;
      const learnFrom = (samples, lossOf) => {
        const { seen, logits } = this.judge(samples, n);
        const mean = judgeAll(lossOf, logits, slopes);
        discriminator.backward(seen, slopes, n);
        if (weight) {
          penalty += discriminator.addPenalty(
            seen,
            n,
            weight,
            (byInput) => sampleWaves.back(samples, byInput, n),
            (bySamples) => sampleWaves.onward(samples, bySamples, n),
          );
        }
        return mean;
      };
      const fake = this.generate(this.generator, noise[0], n).samples;
      discriminator.clearSlopes();
      const realLoss = learnFrom(real, loss.real);
      const fakeLoss = learnFrom(fake, loss.fake);
      this.changeD.step(this.rate(settings.discriminatorRate));
      return { real: realLoss, fake: fakeLoss, penalty };
    }

    // One change of G. noise[1]: (n, latentDim).
    stepGenerator({ noise }) {
      const { generator, discriminator, settings } = this;
      const n = noise[1].length / settings.latentDim;
      const made = this.generate(generator, noise[1], n);
      const { seen, logits } = this.judge(made.samples, n);
      const slopes = new Float32Array(n);
      const loss = judgeAll(LOSSES[settings.loss].generator, logits, slopes);
      const byInput = discriminator.backward(seen, slopes, n, false);
      const bySamples = this.sampleWaves.back(made.samples, byInput, n);
      this.pushes = { samples: made.samples, slopes: bySamples };
      generator.clearSlopes();
      generator.backward(made.seen, this.backThroughLastLayer(made.samples, bySamples, n), n);
      this.changeG.step(this.rate(settings.generatorRate));
      this.steps += 1;
      if (settings.average) {
        const keep = Math.min(settings.average, this.steps / (this.steps + 9));
        this.average.moveTowards(generator, 1 - keep);
      }
      return { generator: loss };
    }

    backThroughLastLayer(samples, slopes, n) {
      const { lastLayer, dim } = this.settings;
      if (lastLayer === "softmax") return backThroughSoftmax(samples, slopes, n, dim);
      if (lastLayer === "relu") return slopes.map((slope, i) => (samples[i] > 0 ? slope : 0));
      return slopes;
    }

    // Change D, then G, once, as in the course.
    step(batch) {
      return { ...this.stepDiscriminator(batch), ...this.stepGenerator(batch) };
    }

    // Falling rates come to 0 at the last step.
    rate(full) {
      return this.settings.decay ? full * (1 - this.progress) : full;
    }
  }

  // A trained generator of the course, layer after layer: (n, inputs) -> (n, outputs).
  function runLayers(layers, values, n) {
    const each = (change) => {
      const width = values.length / n;
      return values.map((value, i) => change(value, i % width));
    };
    const run = {
      Linear: ({ weight, bias }) =>
        product(values, weight, bias, n, values.length / n, bias.length),
      LeakyReLU: ({ slope }) => each((value) => (value < 0 ? slope * value : value)),
      Waves: ({ count }) => new Waves(values.length / n, count).add(values, n),
      Softmax: () => {
        softmax(values, n, values.length / n);
        return values;
      },
      Tanh: () => each((value) => Math.tanh(value)),
      Unscale: ({ low, high }) => each((v, d) => low[d] + ((v + 1) / 2) * (high[d] - low[d])),
    };
    for (const layer of layers) values = run[layer.kind](layer);
    return values;
  }

  // n numbers in each of some columns, from [0, 1), shape (n, columns). Even ones are a Latin
  // hypercube (McKay et al. 1979): in each column one number in each of n equal parts.
  function drawUniform(random, n, columns, even) {
    const result = new Float32Array(n * columns);
    for (let c = 0; c < columns; c++) {
      const parts = even ? shuffled(random, n) : null;
      for (let i = 0; i < n; i++) {
        result[i * columns + c] = even ? (parts[i] + random.uniform()) / n : random.uniform();
      }
    }
    return result;
  }

  function drawNormal(random, count) {
    const result = new Float32Array(count);
    for (let i = 0; i < count; i++) result[i] = random.normal();
    return result;
  }

  // 0 to n - 1 in random order (Fisher and Yates).
  function shuffled(random, n) {
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor(random.uniform() * (i + 1));
      const kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
    return order;
  }

  // Noise vectors as the settings say: N(0, 1), U(-1, 1), or U(-1, 1) even in each batch.
  function drawNoise(settings, n, random) {
    const { latentDim, noise } = settings;
    if (noise === "normal") return drawNormal(random, n * latentDim);
    return drawUniform(random, n, latentDim, noise === "even").map((u) => 2 * u - 1);
  }

  // The random numbers of one step; `drawReal` gives n real samples.
  function drawBatch(settings, drawReal, random) {
    const n = settings.batch;
    const noise = [drawNoise(settings, n, random), drawNoise(settings, n, random)];
    return { real: drawReal(n, random), noise };
  }

  return {
    Random,
    Network,
    Waves,
    Adam,
    Gan,
    LOSSES,
    runLayers,
    drawNormal,
    drawNoise,
    drawBatch,
    shuffled,
  };
}
