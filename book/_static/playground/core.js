// The GAN of the playground: two networks, their losses, Adam, and one training step.
//
// Everything is inside one function, so that a page opened from a file can hand its text to a
// worker. No library, no network. Tables are Float32Array, row after row, as in the course:
// samples (n, dim), weights (inputs, outputs).
"use strict";

function ganCore() {
  // Random numbers that can be repeated: mulberry32, and Box-Muller for the normal distribution.
  class Random {
    constructor(seed) {
      this.state = seed >>> 0;
      this.spare = null;
    }

    uniform() {
      this.state = (this.state + 0x6d2b79f5) >>> 0;
      let t = this.state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    }

    normal() {
      if (this.spare !== null) {
        const kept = this.spare;
        this.spare = null;
        return kept;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
      const angle = 2 * Math.PI * this.uniform();
      this.spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    }
  }

  // The three products below take four numbers at a time, which halves their time: a sum is then
  // read and written once for four products.

  // result (rows, columns) = left (rows, inner) times right (inner, columns), plus bias
  function product(left, right, bias, result, rows, inner, columns) {
    const whole = inner - (inner % 4);
    for (let i = 0; i < rows; i++) {
      const to = i * columns;
      for (let j = 0; j < columns; j++) result[to + j] = bias ? bias[j] : 0;
      for (let k = 0; k < inner; k += k < whole ? 4 : 1) {
        const from = i * inner + k;
        const at = k * columns;
        const one = left[from];
        if (k < whole) {
          const two = left[from + 1];
          const three = left[from + 2];
          const four = left[from + 3];
          for (let j = 0; j < columns; j++) {
            result[to + j] +=
              one * right[at + j] +
              two * right[at + columns + j] +
              three * right[at + 2 * columns + j] +
              four * right[at + 3 * columns + j];
          }
        } else {
          for (let j = 0; j < columns; j++) result[to + j] += one * right[at + j];
        }
      }
    }
  }

  // result (inner, columns) += left (rows, inner), turned, times right (rows, columns)
  function addTurnedProduct(left, right, result, rows, inner, columns) {
    const whole = rows - (rows % 4);
    for (let i = 0; i < rows; i += i < whole ? 4 : 1) {
      const at = i * columns;
      for (let k = 0; k < inner; k++) {
        const to = k * columns;
        const from = i * inner + k;
        const one = left[from];
        if (i < whole) {
          const two = left[from + inner];
          const three = left[from + 2 * inner];
          const four = left[from + 3 * inner];
          for (let j = 0; j < columns; j++) {
            result[to + j] +=
              one * right[at + j] +
              two * right[at + columns + j] +
              three * right[at + 2 * columns + j] +
              four * right[at + 3 * columns + j];
          }
        } else {
          for (let j = 0; j < columns; j++) result[to + j] += one * right[at + j];
        }
      }
    }
  }

  // result (rows, inner) = left (rows, columns) times right (inner, columns), turned
  function productWithTurned(left, right, result, rows, inner, columns) {
    const turned = new Float32Array(columns * inner);
    for (let k = 0; k < inner; k++) {
      for (let j = 0; j < columns; j++) turned[j * inner + k] = right[k * columns + j];
    }
    product(left, turned, null, result, rows, columns, inner);
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
        const result = new Float32Array(n * layer.outputs);
        product(seen[l], layer.weight, layer.bias, result, n, layer.inputs, layer.outputs);
        if (l + 1 < this.layers.length) {
          for (let i = 0; i < result.length; i++) if (result[i] < 0) result[i] *= this.slope;
        }
        seen.push(result);
      });
      return seen;
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
        const before = new Float32Array(n * layer.inputs);
        productWithTurned(slopes, layer.weight, before, n, layer.inputs, layer.outputs);
        if (l > 0) {
          for (let i = 0; i < before.length; i++) if (seen[l][i] <= 0) before[i] *= this.slope;
        }
        slopes = before;
      }
      return slopes;
    }

    // Adds the slopes of weight / 2 times the mean squared slope of the output by the input (R1,
    // Mescheder et al. 2018), and returns that penalty. LeakyReLU is made of straight pieces, so
    // the slope by the input is a chain of products, and so is its own derivative.
    addPenalty(seen, n, weight) {
      const last = this.layers.length - 1;
      // downwards: the slope of the output by what layer l puts out, before its LeakyReLU
      const slopes = [];
      slopes[last] = new Float32Array(n).fill(1);
      for (let l = last; l > 0; l--) {
        const layer = this.layers[l];
        slopes[l - 1] = new Float32Array(n * layer.inputs);
        productWithTurned(slopes[l], layer.weight, slopes[l - 1], n, layer.inputs, layer.outputs);
        for (let i = 0; i < slopes[l - 1].length; i++) {
          if (seen[l][i] <= 0) slopes[l - 1][i] *= this.slope;
        }
      }
      const first = this.layers[0];
      const byInput = new Float32Array(n * first.inputs);
      productWithTurned(slopes[0], first.weight, byInput, n, first.inputs, first.outputs);
      let total = 0;
      for (const value of byInput) total += value * value;
      // upwards: the derivative of the penalty by each of these slopes
      let carried = byInput.map((value) => (value * weight) / n);
      this.layers.forEach((layer, l) => {
        addTurnedProduct(carried, slopes[l], layer.weightSlopes, n, layer.inputs, layer.outputs);
        if (l === last) return;
        const next = new Float32Array(n * layer.outputs);
        product(carried, layer.weight, null, next, n, layer.inputs, layer.outputs);
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

    step() {
      this.steps += 1;
      const [first, second] = this.betas;
      const size = this.rate / (1 - first ** this.steps);
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

  // Mean loss of some logits; their slopes are written into `slopes`.
  function judgeAll(loss, logits, slopes) {
    let total = 0;
    for (let i = 0; i < logits.length; i++) {
      const [value, slope] = loss(logits[i]);
      total += value;
      slopes[i] = slope / logits.length;
    }
    return total / logits.length;
  }

  class Gan {
    constructor(settings) {
      this.settings = settings;
      const random = new Random(settings.seed);
      const { latentDim, dim, generatorWidths, discriminatorWidths, slope, betas } = settings;
      this.generator = new Network([latentDim, ...generatorWidths, dim], slope, random);
      this.discriminator = new Network([dim, ...discriminatorWidths, 1], slope, random);
      this.changeG = new Adam(this.generator, settings.generatorRate, betas);
      this.changeD = new Adam(this.discriminator, settings.discriminatorRate, betas);
    }

    // Change D, then G, once, as in the course: real (n, dim), both noises (n, latentDim).
    step(real, noiseForD, noiseForG) {
      const { generator, discriminator, settings } = this;
      const n = real.length / settings.dim;
      const loss = LOSSES[settings.loss];

      const fake = generator.forward(noiseForD, n).at(-1);
      discriminator.clearSlopes();
      const seenReal = discriminator.forward(real, n);
      const slopes = new Float32Array(n);
      const onReal = judgeAll(loss.real, seenReal.at(-1), slopes);
      discriminator.backward(seenReal, slopes, n);
      const seenFake = discriminator.forward(fake, n);
      const onFake = judgeAll(loss.fake, seenFake.at(-1), slopes);
      discriminator.backward(seenFake, slopes, n);
      const penalty = settings.penalty
        ? discriminator.addPenalty(seenReal, n, settings.penalty)
        : 0;
      this.changeD.step();

      const seenByG = generator.forward(noiseForG, n);
      const seenByD = discriminator.forward(seenByG.at(-1), n);
      const byG = judgeAll(loss.generator, seenByD.at(-1), slopes);
      const samplesSlopes = discriminator.backward(seenByD, slopes, n, false);
      generator.clearSlopes();
      generator.backward(seenByG, samplesSlopes, n);
      this.changeG.step();
      return { real: onReal, fake: onFake, generator: byG, penalty };
    }
  }

  return { Random, Network, Adam, Gan, LOSSES };
}

