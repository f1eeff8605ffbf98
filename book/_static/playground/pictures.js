// Draws what a training looks like: samples, losses, divergence and the latent numbers.
"use strict";

function ganPictures({ VIEW, DEPTH }, { HEAT, LINE, WARP }) {
  // The colours are in playground.css. Shapes differ too: real samples are rings, generated ones are
  // filled squares.
  const HEAT_REAL = [86, 180, 233];
  const HEAT_FAKE = [230, 159, 0];

  // The size of a canvas follows its place on the page, in the pixels of the screen.
  function prepare(canvas, low, high, margins = [26, 34]) {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = canvas;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const style = getComputedStyle(canvas);
    const colour = (name) => style.getPropertyValue(`--playground-${name}`);
    const [paper, ink, real, fake, warp] = ["paper", "ink", "real", "fake", "warp"].map(colour);
    pen.fillStyle = paper;
    pen.fillRect(0, 0, width, height);
    pen.font = "12px sans-serif";
    const [bottom, left] = margins;
    const box = { left, top: 8, width: width - left - 20, height: height - bottom - 8 };
    const x = (v) => box.left + ((v - low[0]) / (high[0] - low[0])) * box.width;
    const y = (v) => box.top + (1 - (v - low[1]) / (high[1] - low[1])) * box.height;
    return { pen, x, y, box, ink, paper, real, fake, warp };
  }

  // Round numbers between two ends: at most `most` of them.
  function ticks(low, high, most) {
    const rough = (high - low) / most;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((m) => m * power >= rough);
    const found = [];
    for (let i = Math.ceil(low / step); i * step <= high + step / 1e6; i++) found.push(i * step);
    return found.map((v) => Number(v.toPrecision(6)));
  }

  function axes(plot, xTicks, yTicks, place = (v) => v, placeY = place) {
    const { pen, x, y, box, ink } = plot;
    pen.strokeStyle = ink;
    pen.fillStyle = ink;
    pen.lineWidth = 1;
    pen.strokeRect(box.left, box.top, box.width, box.height);
    pen.textAlign = "center";
    pen.textBaseline = "top";
    for (const v of xTicks) {
      pen.fillRect(x(place(v)), box.top + box.height, 1, 4);
      pen.fillText(`${v}`.replace("-", "−"), x(place(v)), box.top + box.height + 6);
    }
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const v of yTicks) {
      pen.fillRect(box.left - 4, y(placeY(v)), 4, 1);
      pen.fillText(`${v}`.replace("-", "−"), box.left - 6, y(placeY(v)));
    }
  }

  // Orange where D takes samples for generated, blue where it takes them for real.
  function heatColour(p) {
    const strength = Math.abs(2 * p - 1) * 0.65;
    const [r, g, b] = p > 0.5 ? HEAT_REAL : HEAT_FAKE;
    return [r, g, b, Math.round(255 * strength)];
  }

  function heatMap(plot, heat) {
    const image = new ImageData(HEAT, HEAT);
    for (let i = 0; i < HEAT * HEAT; i++) {
      const row = HEAT - 1 - Math.floor(i / HEAT);
      image.data.set(heatColour(heat[i]), 4 * (row * HEAT + (i % HEAT)));
    }
    const small = document.createElement("canvas");
    small.width = small.height = HEAT;
    small.getContext("2d").putImageData(image, 0, 0);
    const { pen, box } = plot;
    pen.imageSmoothingEnabled = true;
    pen.drawImage(small, box.left, box.top, box.width, box.height);
  }

  function line(plot, points, colour, { width = 2, dash = [] } = {}) {
    const { pen, x, y } = plot;
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.setLineDash(dash);
    pen.beginPath();
    let drawing = false; // a gap where there is no number
    for (const [a, b] of points) {
      if (!Number.isFinite(b)) drawing = false;
      else if (drawing) pen.lineTo(x(a), y(b));
      else {
        pen.moveTo(x(a), y(b));
        drawing = true;
      }
    }
    pen.stroke();
    pen.setLineDash([]);
  }

  // Words that stay legible on whatever is drawn below them.
  function words(plot, text, left, top) {
    const { pen, ink, paper } = plot;
    pen.strokeStyle = paper;
    pen.lineWidth = 4;
    pen.strokeText(text, left, top);
    pen.fillStyle = ink;
    pen.fillText(text, left, top);
  }

  function ring(plot, a, b, colour, radius = 3) {
    const { pen, x, y } = plot;
    pen.strokeStyle = colour;
    pen.lineWidth = 1.2;
    pen.beginPath();
    pen.arc(x(a), y(b), radius, 0, 2 * Math.PI);
    pen.stroke();
  }

  function square(plot, a, b, colour, size = 3.4) {
    const { pen, x, y } = plot;
    pen.fillStyle = colour;
    pen.fillRect(x(a) - size / 2, y(b) - size / 2, size, size);
  }

  // A cross in a circle: the sample of the latent point that can be dragged.
  function mark(plot, a, b) {
    ring(plot, a, b, plot.ink, 8);
    ring(plot, a, b, plot.fake, 6);
    const { pen, x, y, ink } = plot;
    pen.fillStyle = ink;
    pen.fillRect(x(a) - 5, y(b) - 1, 10, 2);
    pen.fillRect(x(a) - 1, y(b) - 5, 2, 10);
  }

  const inside = (v) => Math.min(VIEW, Math.max(-VIEW, v));

  // Points in the plane, from -1 to 1, with the numbers of the data along the axes.
  function points(canvas, fixed, frame, show) {
    const plot = prepare(canvas, [-VIEW, -VIEW], [VIEW, VIEW]);
    const { pen, x, y, box } = plot;
    if (show.heat && frame.heat) heatMap(plot, frame.heat);
    const [place, placeY] = fixed.ranges.map(
      ([low, high]) =>
        (v) =>
          (2 * (v - low)) / (high - low) - 1,
    );
    const [xTicks, yTicks] = fixed.ranges.map(([low, high]) => ticks(low, high, 6));
    axes(plot, xTicks, yTicks, place, placeY);
    pen.save();
    pen.beginPath();
    pen.rect(box.left, box.top, box.width, box.height);
    pen.clip();
    if (show.warp && frame.warp) {
      const at = (i, j) => [frame.warp[2 * (j * WARP + i)], frame.warp[2 * (j * WARP + i) + 1]];
      const each = Array.from({ length: WARP }, (_, i) => i);
      for (const i of each) {
        line(
          plot,
          each.map((j) => at(i, j)),
          plot.warp,
          { width: 1 },
        );
        line(
          plot,
          each.map((j) => at(j, i)),
          plot.warp,
          { width: 1 },
        );
      }
    }
    if (show.real) {
      for (let i = 0; i < fixed.real.length; i += 2)
        ring(plot, fixed.real[i], fixed.real[i + 1], plot.real);
    }
    if (show.fake) {
      const { fake } = frame;
      for (let i = 0; i < fake.length; i += 2)
        square(plot, inside(fake[i]), inside(fake[i + 1]), plot.fake);
    }
    if (show.pushes && frame.pushes) {
      const { samples, slopes } = frame.pushes;
      let longest = 1e-12;
      for (let i = 0; i < slopes.length; i += 2) {
        longest = Math.max(longest, Math.hypot(slopes[i], slopes[i + 1]));
      }
      for (let i = 0; i < slopes.length; i += 2) {
        const [a, b] = [samples[i], samples[i + 1]];
        const reach = 0.35 / longest; // against the slope: the loss falls there
        const end = [a - reach * slopes[i], b - reach * slopes[i + 1]];
        line(plot, [[a, b], end], plot.ink, { width: 1.2 });
        pen.fillStyle = plot.ink;
        pen.beginPath();
        pen.arc(x(a), y(b), 1.8, 0, 2 * Math.PI);
        pen.fill();
      }
    }
    if (frame.sample) mark(plot, inside(frame.sample[0]), inside(frame.sample[1]));
    pen.restore();
    return plot;
  }

  // Numbers on a line: shares in bins, D's answer, and what the generator makes of each latent number.
  function numbers(canvas, fixed, frame, show) {
    const bins = fixed.expected.length;
    const total = frame.counts.reduce((a, b) => a + b, 0) || 1;
    const most = 1.25 * Math.max(...fixed.expected);
    const plot = prepare(canvas, [-4, 0], [4, most]);
    const { pen, x, y, box, ink } = plot;
    axes(plot, ticks(-4, 4, 8), []);
    const width = 8 / bins;
    pen.save();
    pen.beginPath();
    pen.rect(box.left, box.top, box.width, box.height);
    pen.clip();
    if (show.fake) {
      pen.fillStyle = plot.fake;
      frame.counts.forEach((count, i) => {
        const left = x(-4 + i * width) + 1;
        const top = y(count / total);
        pen.globalAlpha = 0.65;
        pen.fillRect(left, top, x(width) - x(0) - 2, y(0) - top);
        pen.globalAlpha = 1;
      });
    }
    if (show.real) {
      const steps = Array.from(fixed.expected).flatMap((share, i) => [
        [-4 + i * width, share],
        [-4 + (i + 1) * width, share],
      ]);
      line(plot, steps, plot.real);
    }
    if (show.heat && frame.heat) {
      const answers = Array.from(frame.heat, (p, i) => [
        (8 * (i + 0.5)) / LINE - 4,
        p * most * 0.8,
      ]);
      line(plot, answers, ink, { dash: [6, 4] });
      pen.textAlign = "left";
      words(plot, "D says 1", box.left + 4, y(most * 0.8));
      words(plot, "D says 0", box.left + 4, y(0) - 8);
    }
    if (show.warp && frame.warp) {
      const bent = Array.from(frame.warp, (v, i) => [v, (i / (LINE - 1)) * most * 0.8]);
      line(plot, bent, plot.warp);
    }
    pen.restore();
    mark(plot, Math.min(4, Math.max(-4, frame.sample[0])), most * 0.9);
    return plot;
  }

  // Integers: how often each comes up, beside its fair share, and D's answer to each below.
  function integers(canvas, fixed, frame, show) {
    const total = frame.counts.reduce((a, b) => a + b, 0) || 1;
    const fair = 1 / fixed.values.length;
    const most = Math.max(2 * fair, (1.1 * Math.max(...frame.counts)) / total);
    const plot = prepare(canvas, [-1, -0.12 * most], [DEPTH, most], [26, 44]);
    const { pen, x, y } = plot;
    axes(plot, ticks(0, DEPTH - 1, 10), ticks(0, most, 5));
    const width = x(1) - x(0);
    if (show.heat && frame.heat) {
      frame.heat.forEach((p, i) => {
        const [r, g, b, a] = heatColour(p);
        pen.fillStyle = `rgba(${r}, ${g}, ${b}, ${a / 255})`;
        pen.fillRect(x(i) - width / 2, y(-0.03 * most), width, y(-0.11 * most) - y(-0.03 * most));
      });
    }
    if (show.fake) {
      pen.fillStyle = plot.fake;
      frame.counts.forEach((count, i) => {
        const top = y(count / total);
        pen.fillRect(x(i) - width * 0.4, top, width * 0.8, y(0) - top);
      });
    }
    if (show.real) for (const value of fixed.values) ring(plot, value, fair, plot.real);
    const shares = frame.sample;
    let best = 0;
    shares.forEach((share, i) => {
      if (share > shares[best]) best = i;
    });
    mark(plot, best, most * 0.93);
    return plot;
  }

  // Losses of each step, with lines where they are when D can only guess: `marks`, name to loss.
  function losses(canvas, history, marks, steps) {
    const every = Math.max(1, Math.ceil(history.length / canvas.clientWidth)); // a point a pixel
    const curves = [0, 1, 2].map((which) => means(history, which, every));
    const all = curves
      .flatMap((points) => points.map(([, value]) => value))
      .filter(Number.isFinite);
    const top = Math.max(2 * Math.max(...Object.values(marks)), ...quantile(all, 0.99));
    const bottom = Math.min(0, ...Object.values(marks).map((v) => 2 * v), ...quantile(all, 0.01));
    const plot = prepare(canvas, [0, bottom], [Math.max(steps, 10), top * 1.05], [26, 40]);
    axes(plot, ticks(0, Math.max(steps, 10), 5), ticks(bottom, top, 4));
    const { pen, ink, y, box } = plot;
    pen.save();
    pen.beginPath();
    pen.rect(box.left, box.top, box.width, box.height);
    pen.clip();
    line(plot, curves[0], plot.real, { width: 1.5 });
    line(plot, curves[1], plot.fake, { width: 1.5, dash: [2, 2] });
    line(plot, curves[2], plot.warp, { width: 1.5, dash: [7, 3] });
    pen.textAlign = "right";
    pen.textBaseline = "bottom";
    for (const [name, value] of Object.entries(marks)) {
      line(
        plot,
        [
          [0, value],
          [Math.max(steps, 10), value],
        ],
        ink,
        { width: 1 },
      );
      words(plot, name, box.left + box.width - 4, y(value) - 2);
    }
    pen.restore();
  }

  // [step, mean loss] of so many steps each
  function means(history, which, every) {
    const result = [];
    for (let i = 0; i < history.length; i += every) {
      const end = Math.min(i + every, history.length);
      let total = 0;
      let count = 0;
      for (let j = i; j < end; j++) {
        if (!Number.isFinite(history[j][which])) continue;
        total += history[j][which];
        count += 1;
      }
      result.push([(i + end) / 2, total / count]); // no number where there is none: a gap
    }
    return result;
  }

  function quantile(values, share) {
    if (values.length === 0) return [];
    const sorted = Float64Array.from(values).sort();
    return [sorted[Math.floor(share * (sorted.length - 1))]];
  }

  // Jensen-Shannon divergence of each measurement, from 0 to ln 2.
  function divergence(canvas, history, steps) {
    const plot = prepare(canvas, [0, 0], [Math.max(steps, 10), Math.LN2 * 1.08], [26, 40]);
    axes(plot, ticks(0, Math.max(steps, 10), 5), [0, 0.2, 0.4, 0.6]);
    line(plot, history, plot.fake);
    line(
      plot,
      [
        [0, Math.LN2],
        [Math.max(steps, 10), Math.LN2],
      ],
      plot.ink,
      { width: 1, dash: [3, 3] },
    );
    plot.pen.textAlign = "right";
    plot.pen.textBaseline = "top";
    words(plot, "ln 2", plot.box.left + plot.box.width - 4, plot.y(Math.LN2) + 2);
  }

  // The first two latent numbers, as a place that can be dragged.
  function latent(canvas, values, reach) {
    const plot = prepare(canvas, [-reach, -reach], [reach, reach]);
    axes(plot, [-reach, 0, reach], [-reach, 0, reach]);
    for (let i = 0; i < WARP; i++) {
      const at = (2 * reach * i) / (WARP - 1) - reach;
      line(
        plot,
        [
          [at, -reach],
          [at, reach],
        ],
        plot.warp,
        { width: 0.6 },
      );
      if (values.length > 1)
        line(
          plot,
          [
            [-reach, at],
            [reach, at],
          ],
          plot.warp,
          { width: 0.6 },
        );
    }
    mark(plot, values[0], values.length > 1 ? values[1] : 0);
    return plot;
  }

  return { samples: { points, line: numbers, integers }, losses, divergence, latent, ticks };
}
