import Glibc

/// What fills the picture from edge to edge.
extension ScenePainter {
  /// Sky, the sun with or without a face, and clouds.
  mutating func paintSky() {
    let clear = about(0.24, 0.50, 0.88, spread: 0.04)
    let gray = about(0.66, 0.70, 0.75, spread: 0.04)
    let evening = about(0.34, 0.30, 0.55, spread: 0.04)
    let top = clear.mixed(with: gray, haze).mixed(with: evening, dusk)
    let bottom = SceneColor(0.70, 0.84, 0.97).mixed(with: SceneColor(0.82, 0.84, 0.86), haze)
      .mixed(with: SceneColor(0.98, 0.62, 0.30), dusk)
    let horizon = horizon
    canvas.below(top: 0, edge: { _ in -1 }, color: { top.mixed(with: bottom, $0.y / horizon) })
    if chance(haze > 0.4 ? 0.1 : 0.6) || dusk > 0.8 { paintSun() }
    for _ in 0..<count(haze > 0.4 ? 2...4 : 0...3) { paintCloud() }
  }

  private mutating func paintSun() {
    let radius = number(0.06...0.13) * (1 + 0.3 * dusk)
    let height = dusk > 0.5 ? horizon - number(-0.02...0.12) : number(0.1...0.28)
    let center = SIMD2(number(0.1...0.9) * canvas.aspect, height)
    let color = SceneColor(1, 0.86, 0.22).mixed(with: SceneColor(1, 0.48, 0.14), dusk)
    for ring in 0..<3 {
      canvas.ellipse(center, SIMD2(repeating: radius * (1.25 + 0.35 * Float(ring))), color, opacity: 0.16)
    }
    canvas.ellipse(center, SIMD2(repeating: radius), color)
    if radius > 0.09 && chance(0.6) {
      let ink = SceneColor(0.62, 0.36, 0.06)
      for side: Float in [-1, 1] {
        canvas.ellipse(
          center + SIMD2(0.36 * side, -0.22) * radius, SIMD2(0.14, 0.18) * radius, ink)
      }
      let bend = SIMD2<Float>(0, 0.1) * radius
      canvas.paint(
        x: center.x - radius...center.x + radius, y: center.y...center.y + radius,
        distance: { point in
          let offset = point - center - bend
          let length = (offset * offset).sum().squareRoot()
          return max(abs(length - 0.5 * radius) - 0.09 * radius, 0.12 * radius - offset.y)
        }, color: { _ in ink })
    }
  }

  private mutating func paintCloud() {
    let center = SIMD2(number(0...1) * canvas.aspect, number(0.05...max(0.1, horizon - 0.2)))
    let size = number(0.06...0.13)
    let light = SceneColor(repeating: number(0.93...1)).mixed(with: SceneColor(1, 0.80, 0.70), 0.8 * dusk)
    let shade = light * SceneColor(0.84, 0.87, 0.92)
    for _ in 0..<count(3...6) {
      let puff = center + SIMD2(number(-1.6...1.6), number(-0.35...0.35)) * size
      let radius = SIMD2(number(0.7...1.2), number(0.45...0.75)) * size
      canvas.ellipse(puff, radius, opacity: 0.85) { shade.mixed(with: light, 0.5 + (puff.y - $0.y) / radius.y) }
    }
  }

  /// Grass to the bottom of the picture, in layers that get fresher towards the viewer.
  mutating func paintHills(layers: Int) {
    for layer in 0..<layers {
      let depth = Float(layer) / Float(layers)
      let base = horizon + (1 - horizon) * 0.75 * depth
      let swell = number(0.01...0.06)
      let (frequency, phase) = (number(2...7), number(0...6.28))
      let far = about(0.36, 0.55, 0.30, spread: 0.04)
      let near = about(0.28, 0.58, 0.16, spread: 0.05)
      let color = far.mixed(with: near, depth + 0.2)
      var random = random
      canvas.below(
        top: base - swell, edge: { base + swell * sinf(frequency * $0 + phase) },
        color: { point in
          color * (1 - 0.25 * (point.y - base)) * (0.94 + 0.12 * random.nextUniform())
        })
      self.random = random
    }
  }

  /// Two or three ridges with snow on what is high.
  mutating func paintMountainRange() {
    let rock = about(0.45, 0.47, 0.55, spread: 0.04).mixed(with: SceneColor(0.45, 0.33, 0.45), 0.5 * dusk)
    let snow = SceneColor(0.95, 0.96, 1).mixed(with: SceneColor(1, 0.75, 0.65), dusk)
    for _ in 0..<count(2...4) {
      let peak = SIMD2(number(0...1) * canvas.aspect, number(0.12...0.34))
      let slope = number(0.7...1.5)
      let half = (horizon + 0.1 - peak.y) / slope
      let snowLine = peak.y + number(0.08...0.16)
      let jag = number(20...40)
      canvas.polygon([peak, SIMD2(peak.x + half, horizon + 0.1), SIMD2(peak.x - half, horizon + 0.1)]) { point in
        // The side that faces the sun is lighter; the snow's edge is ragged.
        let light: Float = point.x < peak.x ? 1.08 : 0.82
        return (point.y < snowLine + 0.03 * sinf(jag * point.x) ? snow : rock) * light
      }
    }
  }

  /// Water to the bottom with waves, now and then a beach, boats, a balloon.
  mutating func paintSea() {
    let near = about(0.05, 0.33, 0.52, spread: 0.04).mixed(with: SceneColor(0.30, 0.40, 0.44), 0.8 * haze)
    let far = near.mixed(with: SceneColor(0.45, 0.68, 0.80), 0.55).mixed(with: SceneColor(0.95, 0.55, 0.35), 0.6 * dusk)
    let horizon = horizon
    let phase = number(0...6.28)
    canvas.below(
      top: horizon, edge: { _ in horizon },
      color: { point in
        let depth = (point.y - horizon) / (1 - horizon)
        // Waves get longer and farther apart towards the viewer.
        let wave = sinf(14 * sinf(2.2 * point.x + phase) * 0.3 + 60 * depth / (0.5 + depth))
        return far.mixed(with: near, depth * 1.3) + SceneColor(repeating: wave > 0.55 ? 0.10 : 0)
      })
    for _ in 0..<count(0...2) { paintBoat() }
    if chance(0.5) { paintBeach() }
    if chance(0.4) { paintBalloon() }
  }

  private mutating func paintBeach() {
    let sand = about(0.90, 0.79, 0.56, spread: 0.03)
    let (base, tilt, phase) = (number(0.78...0.92), number(-0.12...0.12), number(0...6.28))
    var random = random
    canvas.below(
      top: base - 0.2, edge: { base + tilt * ($0 - 0.5) + 0.02 * sinf(9 * $0 + phase) - 0.03 },
      color: { _ in SceneColor(0.93, 0.97, 0.98) })
    canvas.below(
      top: base - 0.2, edge: { base + tilt * ($0 - 0.5) + 0.02 * sinf(9 * $0 + phase) },
      color: { _ in sand * (0.94 + 0.1 * random.nextUniform()) })
    self.random = random
  }

  /// A gray band with a white broken line along its middle.
  mutating func paintAsphalt(from top: Float, to bottom: Float) {
    let asphalt = about(0.36, 0.36, 0.38, spread: 0.03)
    canvas.rectangle(x: -1...canvas.aspect + 1, y: top...bottom, asphalt)
    let middle = (top + bottom) / 2
    var x = number(-0.2...0)
    while x < canvas.aspect {
      canvas.rectangle(x: x...x + 0.14, y: middle - 0.012...middle + 0.012, SceneColor(0.92, 0.92, 0.88))
      x += 0.26
    }
  }
}
