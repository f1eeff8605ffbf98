// How good are the samples? The measures of gan_course/metrics.py, in plain JavaScript: a test
// compares them number by number. Samples are in the units of the data, row after row.
"use strict";

function ganMeasures() {
  const BINS = 50;
  // what a verdict lets pass, as in gan_course/metrics.py
  const LIMITS = {
    enough: 1000, // samples of a curve; of integers 50 for each value
    perValue: 50,
    fewBins: 10,
    mostBins: 48,
    off: 0.01, // of the curve's height
    spill: 0.01,
    uneven: 0.05, // KS
    covered: 0.2, // of the fair share of a value
    fewValues: 0.2,
    mostly: 0.5,
    breaks: 0.005,
    unevenValues: 0.1,
    near: 0.1, // of a drawing that is two wide: a twentieth
    most: 0.95,
  };

  const column = (samples, dim, c) => {
    const values = new Float64Array(samples.length / dim);
    for (let i = 0; i < values.length; i++) values[i] = samples[i * dim + c];
    return values;
  };

  // The largest gap between the share of values below v and what a distribution puts there:
  // Kolmogorov and Smirnov.
  function largestGap(values, cdf) {
    const sorted = Float64Array.from(values).sort();
    let gap = 0;
    sorted.forEach((value, i) => {
      const expected = cdf(value);
      gap = Math.max(gap, expected - i / sorted.length, (i + 1) / sorted.length - expected);
    });
    return gap;
  }

  const ksUniform = (values, low, high) =>
    largestGap(values, (v) => Math.min(1, Math.max(0, (v - low) / (high - low))));

  // The share of N(0, 1) below v, by the complementary error function of Numerical Recipes
  // (Press et al. 1992, section 6.2), whose relative error is below 1.2e-7.
  function normalCdf(v) {
    const z = Math.abs(v) / Math.SQRT2;
    const t = 1 / (1 + z / 2);
    const factors = [
      0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418,
      0.37409196, 1.00002368, -1.26551223,
    ];
    const power = factors.reduce((sum, factor) => sum * t + factor, 0);
    const beyond = t * Math.exp(-z * z + power);
    return v >= 0 ? 1 - beyond / 2 : beyond / 2;
  }

  const ksNormal = (values) => largestGap(values, normalCdf);

  function meanAndStd(values) {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const square = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
    return [mean, Math.sqrt(square)];
  }

  // How many values fall into each of some equal parts of [low, high]; those outside are left out.
  function histogram(values, low, high, bins) {
    const counts = new Float64Array(bins);
    for (const v of values) {
      if (v >= low && v <= high) {
        counts[Math.min(bins - 1, Math.floor(((v - low) / (high - low)) * bins))] += 1;
      }
    }
    return counts;
  }

  // Jensen-Shannon divergence of two rows of counts, in nats: 0 where their shares are equal, ln 2
  // where no place has both (Lin 1991). It is what the discriminator of a GAN measures, up to a
  // factor and a constant (Goodfellow et al. 2014, theorem 1).
  function jensenShannon(a, b) {
    const total = (counts) => counts.reduce((x, y) => x + y, 0);
    const [sumA, sumB] = [total(a), total(b)];
    let divergence = 0;
    for (let i = 0; i < a.length; i++) {
      const p = a[i] / sumA;
      const q = b[i] / sumB;
      if (p > 0) divergence += (p / 2) * Math.log((2 * p) / (p + q));
      if (q > 0) divergence += (q / 2) * Math.log((2 * q) / (p + q));
    }
    return divergence;
  }

  const first = (faults) => faults.find(([, found]) => found)?.[0] ?? "good";

  // Points (n, 2) against a curve on [low, high].
  function curveQuality(points, curve, low, high) {
    const x = column(points, 2, 0);
    let square = 0;
    let outside = 0;
    x.forEach((value, i) => {
      square += (points[2 * i + 1] - curve(value)) ** 2;
      if (value < low || value > high) outside += 1;
    });
    const heights = Array.from({ length: 1001 }, (_, i) => curve(low + ((high - low) * i) / 1000));
    const height = Math.max(...heights) - Math.min(...heights);
    const samples = x.length;
    const quality = {
      fit: Math.sqrt(square / samples) / height,
      ks: ksUniform(x, low, high),
      outside: outside / samples,
      bins: histogram(x, low, high, BINS).filter((count) => count > 0).length,
      samples,
    };
    const { bins } = quality;
    quality.verdict = first([
      ["too few samples", samples < LIMITS.enough],
      ["collapsed", bins > 0 && bins <= LIMITS.fewBins],
      ["off the curve", !(quality.fit <= LIMITS.off)],
      ["misses part of the range", bins > 0 && bins < LIMITS.mostBins],
      ["spills over", quality.outside > LIMITS.spill],
      ["uneven", quality.ks > LIMITS.uneven],
    ]);
    return quality;
  }

  // Rows (n, depth), decoded by their largest number, against the allowed values.
  function integerQuality(rows, depth, values) {
    const samples = rows.length / depth;
    const counts = new Float64Array(depth);
    let zeros = 0;
    for (let i = 0; i < samples; i++) {
      let best = 0;
      let some = false;
      for (let d = 0; d < depth; d++) {
        if (rows[i * depth + d] > rows[i * depth + best]) best = d;
        if (rows[i * depth + d] !== 0) some = true;
      }
      counts[best] += 1;
      if (!some) zeros += 1;
    }
    const shares = values.map((value) => counts[value] / samples);
    const validity = shares.reduce((a, b) => a + b, 0);
    const fair = 1 / values.length;
    const tv = (shares.reduce((sum, s) => sum + Math.abs(s - fair), 0) + 1 - validity) / 2;
    const covered = shares.filter((share) => share > LIMITS.covered * fair).length;
    const missing = covered < values.length;
    const few = Math.max(1, LIMITS.fewValues * values.length);
    const verdict = first([
      ["too few samples", samples < LIMITS.perValue * values.length],
      ["collapsed", missing && covered <= few && validity > LIMITS.mostly],
      ["breaks the rule", validity < 1 - LIMITS.breaks],
      ["misses values", missing],
      ["rows of zeros", zeros / samples > LIMITS.breaks],
      ["uneven", tv > LIMITS.unevenValues],
    ]);
    return {
      validity,
      covered,
      allowed: values.length,
      tv,
      zeros: zeros / samples,
      verdict,
      counts,
    };
  }

  // Numbers (n) against N(0, 1).
  function normalQuality(values) {
    const [mean, std] = meanAndStd(values);
    const ks = ksNormal(values);
    const verdict = first([
      ["collapsed", std < LIMITS.fewValues],
      ["not normal", !(ks <= LIMITS.uneven)],
    ]);
    return { mean, std, ks, verdict };
  }

  // Points (n, 2) against drawn ones (m, 2): is each near a drawn one, and has each one near it?
  function cloudQuality(points, drawn) {
    const share = (some, others) => {
      let close = 0;
      for (let i = 0; i < some.length; i += 2) {
        for (let j = 0; j < others.length; j += 2) {
          const [x, y] = [some[i] - others[j], some[i + 1] - others[j + 1]];
          if (x * x + y * y <= LIMITS.near ** 2) {
            close += 1;
            break;
          }
        }
      }
      return close / (some.length / 2);
    };
    const near = share(points, drawn);
    const reached = share(drawn, points);
    const verdict = first([
      ["collapsed", reached <= LIMITS.fewValues],
      ["off the shape", near < LIMITS.most],
      ["misses part of the shape", reached < LIMITS.most],
    ]);
    return { near, reached, verdict };
  }

  return {
    BINS,
    LIMITS,
    column,
    ksUniform,
    ksNormal,
    normalCdf,
    histogram,
    jensenShannon,
    curveQuality,
    integerQuality,
    normalQuality,
    cloudQuality,
  };
}
