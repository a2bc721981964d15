// Plays all clips by one clock, in seconds. What is drawn at a moment is the frame that was shown at it, or nothing.
(() => {
  const data = JSON.parse(document.getElementById("view-data").textContent);
  const total = Math.max(...data.clips.map((clip) => clip.duration_s));
  const play = document.querySelector(".play");
  const scrub = document.querySelector(".scrub");
  const clock = document.querySelector(".clock");
  const state = { time: 0, speed: 1, way: "filmed", held: false };
  const selected = new Set(data.selected);
  const SVG = "http://www.w3.org/2000/svg";

  const colours = () => FacePlayer.colours([...Object.keys(data.edges), "dots", "card", "line"]);
  let ink = colours();

  const clips = Array.from(document.querySelectorAll(".clip"), (section, k) => {
    const clip = data.clips[k];
    const rest = [...Array(clip.points).keys()].filter((v) => !selected.has(v));
    return {
      ...clip, section, rest, shown: "",
      landmarks: new Int16Array(FacePlayer.bytes(clip.landmarks)),
      placements: new Float32Array(FacePlayer.bytes(clip.placements)),
      canvas: section.querySelector("canvas"),
      absent: section.querySelector(".absent"),
      cursor: section.querySelector(".cursor"),
      number: section.querySelector(".frame"),
      now: Array.from(section.querySelectorAll(".now")),
      irises: data.irises.filter((v) => v < clip.points),
    };
  });

  // The frame that is shown at a time: the last one that has begun; -1 after the end.
  const frameAt = ({ times, duration_s }, time) => {
    if (time >= duration_s) return -1;
    let low = 0, high = times.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (times[middle] <= time) low = middle; else high = middle;
    }
    return low;
  };

  // Where each point of a frame is, x and y in turn: in pixels of the picture, or in the mean face's unit.
  const placed = (clip, frame) => {
    const { landmarks, placements: m, points, step_px: step } = clip;
    const places = new Float32Array(2 * points);
    for (let v = 0; v < points; v++) {
      const at = 3 * (frame * points + v);
      const x = landmarks[at] * step, y = landmarks[at + 1] * step, z = landmarks[at + 2] * step;
      const r = 8 * frame;
      places[2 * v] = state.way === "filmed" ? x : m[r] * x + m[r + 1] * y + m[r + 2] * z + m[r + 3];
      places[2 * v + 1] = state.way === "filmed" ? y : m[r + 4] * x + m[r + 5] * y + m[r + 6] * z + m[r + 7];
    }
    return places;
  };

  // What fills the canvas: the picture with a margin, since a face may reach beyond it, or room for a still head.
  const box = (clip) => {
    if (state.way === "still") return data.still;
    const margin = 0.03 * Math.max(clip.width, clip.height);
    return { left: -margin, top: -margin, right: clip.width + margin, bottom: clip.height + margin };
  };

  const paint = (clip, frame) => {
    const { left, top, right, bottom } = box(clip), { brush, width, height, fine } = FacePlayer.cleared(clip.canvas);
    const scale = Math.min(width / (right - left), height / (bottom - top));
    const shiftX = (width - scale * (left + right)) / 2, shiftY = (height - scale * (top + bottom)) / 2;
    brush.setTransform(1, 0, 0, 1, shiftX, shiftY);
    if (state.way === "filmed") {
      Object.assign(brush, { fillStyle: ink.card, strokeStyle: ink.line, lineWidth: fine });
      if (frame >= 0 && clip.tracked[frame]) brush.fillRect(0, 0, scale * clip.width, scale * clip.height);
      brush.strokeRect(0, 0, scale * clip.width, scale * clip.height);
    }
    if (frame < 0 || !clip.tracked[frame]) return;
    const places = placed(clip, frame), x = (v) => scale * places[2 * v], y = (v) => scale * places[2 * v + 1];
    const size = FacePlayer.sizeOf(Math.hypot(x(33) - x(263), y(33) - y(263)), fine);
    const dots = (members, radius, fill) => {
      brush.fillStyle = fill;
      brush.beginPath();
      for (const v of members) { brush.moveTo(x(v) + radius, y(v)); brush.arc(x(v), y(v), radius, 0, 2 * Math.PI); }
      brush.fill();
    };
    dots(clip.rest, 0.85 * size, ink.dots);
    FacePlayer.strokeEdges(brush, data.edges, ink, 1.6 * size, x, y);
    dots(clip.irises, 2.2 * size, ink.eyes);
  };

  const written = ({ unit, values }, frame) => {
    const value = frame < 0 ? null : values[frame];
    if (value === null) return "–";
    return unit === "share" ? value.toFixed(2) : `${Math.round(value) > 0 ? "+" : Math.round(value) < 0 ? "−" : ""}${Math.abs(Math.round(value))}°`;
  };

  const show = () => {
    scrub.value = state.time;
    scrub.setAttribute("aria-valuetext", `${state.time.toFixed(2)} seconds`);
    clock.textContent = `${state.time.toFixed(2)} / ${total.toFixed(2)} s`;
    for (const clip of clips) {
      const frame = frameAt(clip, state.time);
      clip.cursor.style.left = `${100 * state.time / total}%`;
      const shown = `${frame} ${state.way}`;
      if (shown === clip.shown) continue;
      clip.shown = shown;
      const without = frame < 0 || !clip.tracked[frame];
      clip.number.textContent = frame < 0 ? "ended" : `frame ${frame + 1} of ${clip.times.length}`;
      clip.absent.hidden = !without;
      clip.absent.textContent = frame < 0 ? `ended at ${clip.duration_s.toFixed(2)} s` : "no face found";
      clip.absent.parentElement.classList.toggle("without", without);
      clip.signals.forEach((signal, k) => { clip.now[k].textContent = written(signal, frame); });
      paint(clip, frame);
    }
  };

  const again = () => { for (const clip of clips) clip.shown = ""; show(); };
  // The end itself belongs to no frame: whoever goes there sees the last one.
  const go = (time) => { state.time = Math.min(Math.max(time, 0), total - 1e-4); show(); };

  // A signal over time, broken where no face was found; those spans are shaded.
  const chart = (clip, { unit, values }, svg) => {
    const add = (name, attributes) => {
      const node = svg.appendChild(document.createElementNS(SVG, name));
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    };
    const across = (time) => 1000 * time / total;
    const down = (value) => (unit === "share" ? 100 * (1 - value) : 50 * (1 - value / data.degrees)).toFixed(1);
    const ends = clip.times.map((_, k) => clip.times[k + 1] ?? clip.duration_s);
    add("line", { x1: 0, x2: across(clip.duration_s), y1: down(0), y2: down(0) });
    let path = "", gap = null;
    values.forEach((value, k) => {
      const x = across(clip.times[k]).toFixed(1);
      const next = values[k + 1];
      if (value === null) {
        if (gap === null) gap = clip.times[k];
        if (next !== null) {
          add("rect", { x: across(gap), y: 0, width: across(ends[k] - gap), height: 100 });
          gap = null;
        }
      } else {
        path += `${k && values[k - 1] !== null ? "L" : "M"}${x} ${down(value)}`;
        if (next === undefined || next === null) path += `L${across(ends[k]).toFixed(1)} ${down(value)}`;
      }
    });
    add("path", { d: path });
  };

  const { setPlaying, toggle } = FacePlayer.clock(play, (passed) => {
    if (state.held) return;
    state.time = (state.time + passed * state.speed) % total;
    show();
  });

  // To the next or previous moment at which any clip changes.
  const step = (way) => {
    setPlaying(false);
    const moments = clips.flatMap((clip) => [...clip.times, ...(clip.duration_s < total ? [clip.duration_s] : [])]);
    const found = moments.filter((moment) => (way > 0 ? moment > state.time + 1e-6 : moment < state.time - 1e-6));
    if (found.length) go(way > 0 ? Math.min(...found) : Math.max(...found));
  };

  const switches = (name, chosen) => {
    const buttons = Array.from(document.querySelectorAll(`button[data-${name}]`));
    for (const button of buttons) {
      button.addEventListener("click", () => {
        for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
        chosen(button.dataset[name]);
      });
    }
  };
  switches("speed", (speed) => { state.speed = Number(speed); });
  switches("way", (way) => {
    state.way = way;
    for (const note of document.querySelectorAll("[data-says]")) note.hidden = note.dataset.says !== way;
    again();
  });

  scrub.addEventListener("input", () => go(Number(scrub.value)));
  scrub.addEventListener("pointerdown", () => { state.held = true; });
  for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, () => { state.held = false; });
  for (const clip of clips) {
    const signals = clip.section.querySelector(".signals"), plots = clip.section.querySelector(".plots");
    const seek = (event) => {
      const { left, width } = plots.getBoundingClientRect();
      go(total * (event.clientX - left) / width);
    };
    signals.addEventListener("pointerdown", (event) => { state.held = true; seek(event); });
    signals.addEventListener("pointermove", (event) => { if (event.buttons) seek(event); });
    clip.cursor.hidden = false;
    clip.section.querySelectorAll("svg").forEach((svg, k) => chart(clip, clip.signals[k], svg));
  }
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (way && event.shiftKey) go(state.time + way);
    else if (way) step(way);
    // A button that can do something takes the key itself.
    else if (event.key === " " && !event.target.closest?.("button:not([aria-pressed=true])")) toggle();
    else return;
    event.preventDefault();
  });

  new ResizeObserver(again).observe(document.querySelector(".clips"));
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { ink = colours(); again(); });
  again();
  setPlaying(!FacePlayer.prefersStill());
  document.documentElement.setAttribute("data-ready", "yes");
})();
