"use strict";
// A click on a map chooses a clip; the two that were chosen last play side by side, by one clock.
(() => {
  const { cells, edges, eye_corners: eyes, points, rate_hz: rate } = JSON.parse(document.getElementById("map-data").textContent);
  const SIDE = 65535, FINEST = 254, ABSENT = 255;
  const colours = () => FacePlayer.colours(Object.keys(edges));
  let ink = colours();

  // What face_meshes.py packed: of each coordinate its lowest value and its range, then a byte for each frame.
  const unpacked = (text) => {
    const all = FacePlayer.bytes(text), n = 2 * points;
    const steps = new Uint8Array(all, 4 * n);
    return { low: new Uint16Array(all, 0, n), span: new Uint16Array(all, 2 * n, n), steps, frames: steps.length / n };
  };
  const seconds = (face) => (face ? face.frames / rate : 0);

  // Where each coordinate is at a time, on a straight line between two frames; null where no face was found.
  const placedAt = (face, time) => {
    const n = 2 * points, first = Math.floor(time * rate);
    if (first >= face.frames) return null;
    const second = Math.min(first + 1, face.frames - 1), share = time * rate - first;
    if (face.steps[n * first] === ABSENT || face.steps[n * second] === ABSENT) return null;
    return Float32Array.from(face.low, (low, i) => {
      const from = face.steps[n * first + i], to = face.steps[n * second + i];
      return low + face.span[i] * (from + share * (to - from)) / FINEST;
    });
  };

  const paint = (canvas, places) => {
    const { brush, width, height, fine } = FacePlayer.cleared(canvas);
    if (places === null) return;
    const scale = 0.92 * Math.min(width, height) / SIDE;
    const x = (v) => width / 2 + scale * (places[2 * v] - SIDE / 2);
    const y = (v) => height / 2 + scale * (places[2 * v + 1] - SIDE / 2);
    const apart = Math.hypot(x(eyes[0]) - x(eyes[1]), y(eyes[0]) - y(eyes[1]));
    const size = FacePlayer.sizeOf(apart, fine);
    FacePlayer.strokeEdges(brush, edges, ink, 1.6 * size, x, y);
  };

  // Two clips of one person that can be played, so that whoever comes first sees what this is.
  const firstPair = (clips) => {
    const playable = [...clips.keys()].filter((i) => clips[i].face);
    const alike = playable.find((i, k) => k && clips[playable[k - 1]].person === clips[i].person);
    return alike === undefined ? [playable[0], playable.at(-1)] : [playable[playable.indexOf(alike) - 1], alike];
  };

  const fill = (select, clips) => {
    let group = null;
    clips.forEach((clip, i) => {
      if (group?.label !== clip.person) {
        group = select.appendChild(Object.assign(document.createElement("optgroup"), { label: clip.person }));
      }
      group.append(new Option(clip.face ? clip.name : `${clip.name} (no face)`, i));
    });
  };

  const setUp = (duo) => {
    const clips = cells[duo.dataset.cell];
    const chart = document.querySelector(`.chart[data-chart="map-${duo.dataset.cell}"]`);
    const verdict = duo.querySelector(".verdict-of-two");
    const sides = Array.from(duo.querySelectorAll(".one"), (node) => ({
      canvas: node.querySelector("canvas"), absent: node.querySelector(".absent"), select: node.querySelector("select"),
      said: node.querySelector(".said"), clip: null, face: null,
    }));
    const state = { time: 0, next: 0, inSight: true };

    const show = () => {
      for (const { face, canvas, absent } of sides) {
        const places = face && placedAt(face, state.time);
        absent.textContent = !face ? "face not in this page" : state.time >= seconds(face) ? "ended" : "no face found";
        absent.hidden = Boolean(places);
        paint(canvas, places || null);
      }
    };
    const total = () => Math.max(...sides.map(({ face }) => seconds(face)), 1 / rate);
    const player = FacePlayer.clock(duo.querySelector(".play"), (passed) => {
      if (!state.inSight) return;
      state.time = (state.time + passed) % total();
      show();
    });

    const choose = (k, i) => {
      const side = sides[k], clip = clips[i];
      Object.assign(side, { clip, face: clip.face && unpacked(clip.face) });
      side.select.value = String(i);
      side.said.textContent = clip.name;
      side.canvas.setAttribute("aria-label", `Face mesh of ${clip.name}, in motion`);
      Object.assign(state, { time: 0, next: 1 - k });
      if (sides.some((each) => each.clip === null)) return;
      const [one, other] = sides.map((each) => each.clip);
      verdict.textContent = one === other ? "same clip" : one.person === other.person ? "same person" : "different people";
      Plotly.restyle(chart, { x: [[one.x, other.x]], y: [[one.y, other.y]] }, [chart.data.length - 1]);
      show();
    };

    sides.forEach(({ select }, k) => {
      fill(select, clips);
      select.addEventListener("change", () => choose(k, Number(select.value)));
    });
    chart.on("plotly_click", ({ points: clicked }) => choose(state.next, clicked[0].customdata));
    firstPair(clips).forEach((i, k) => choose(k, i));
    new ResizeObserver(show).observe(duo);
    new IntersectionObserver(([seen]) => { state.inSight = seen.isIntersecting; }).observe(duo);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { ink = colours(); show(); });
    player.setPlaying(!FacePlayer.prefersStill());
  };

  document.querySelectorAll(".duo").forEach(setUp);
})();
