import Glibc
import Runtime

/// A painter of one scene, from the back to the front.
struct ScenePainter {
  var canvas: SceneCanvas
  var random: Philox
  /// The time of day: 0 at noon, 1 at sunset.
  var dusk: Float = 0
  /// Cloud cover: 0 for a clear sky, 1 for an overcast one.
  var haze: Float = 0
  /// Distance of the horizon from the top, in heights of the scene.
  var horizon: Float = 0.6

  init(width: Int, height: Int, random: Philox) {
    canvas = SceneCanvas(width: width, height: height)
    self.random = random
  }

  /// Returns true with the given probability.
  mutating func chance(_ probability: Float) -> Bool { random.nextUniform() < probability }

  mutating func number(_ range: ClosedRange<Float>) -> Float { random.nextUniform(in: range) }

  mutating func count(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(random.nextInteger(below: UInt32(range.count)))
  }

  /// Returns a color of a random saturated hue, of a brightness that does not depend on the hue.
  mutating func anyHue() -> SceneColor { SceneColor(hue: random.nextUniform(), mean: number(0.36...0.54)) }

  /// Returns a random color near the given one.
  mutating func about(_ red: Float, _ green: Float, _ blue: Float, spread: Float = 0.05) -> SceneColor {
    let brightness = number(1 - 2 * spread...1 + 2 * spread)
    return SceneColor(red, green, blue) * brightness
      + SceneColor(number(-spread...spread), number(-spread...spread), number(-spread...spread)) * 0.4
  }

  /// Paints the whole scene, and returns its subject.
  mutating func paintScene() -> Scenes.Setting {
    let settings = Scenes.Setting.allCases
    let setting = settings[Int(random.nextInteger(below: UInt32(settings.count)))]
    switch random.nextUniform() {
    case ..<0.14: dusk = number(0.6...1)
    case ..<0.30: haze = number(0.5...1)
    default: haze = number(0...0.25)
    }
    horizon = setting == .garden ? number(0.25...0.5) : number(0.45...0.68)
    paintSky()
    switch setting {
    case .meadow: paintMeadow()
    case .sea: paintSea()
    case .mountains: paintMountains()
    case .village: paintVillage()
    case .road: paintRoad()
    case .garden: paintGarden()
    }
    finish()
    return setting
  }

  private mutating func paintMeadow() {
    paintHills(layers: count(2...3))
    paintTreeLine(probability: 0.5)
    if chance(0.35) {
      paintHouse(x: number(0.15...0.85) * canvas.aspect, ground: horizon + 0.12, size: number(0.16...0.24))
    }
    for _ in 0..<count(0...3) { paintTreeAnywhere() }
    for _ in 0..<count(0...4) {
      paintFlower(x: number(0.05...0.95) * canvas.aspect, ground: number(0.85...1), size: number(0.05...0.08))
    }
    if chance(0.5) { paintBalloon() }
  }

  private mutating func paintMountains() {
    paintMountainRange()
    paintHills(layers: count(1...2))
    for _ in 0..<count(1...5) { paintTreeAnywhere() }
    if chance(0.4) { paintBalloon() }
  }

  private mutating func paintVillage() {
    paintHills(layers: 2)
    let houses = count(2...3)
    for index in 0..<houses {
      let place = (Float(index) + number(0.3...0.7)) / Float(houses)
      paintHouse(x: place * canvas.aspect, ground: horizon + number(0.12...0.24), size: number(0.2...0.3))
    }
    for _ in 0..<count(0...2) { paintTreeAnywhere() }
    if chance(0.3) { paintBalloon() }
    if chance(0.35) { paintCar(ground: number(0.88...0.96), size: number(0.28...0.36)) }
  }

  private mutating func paintRoad() {
    paintHills(layers: 1)
    paintTreeLine(probability: 0.7)
    if chance(0.4) {
      paintHouse(x: number(0.1...0.9) * canvas.aspect, ground: horizon + 0.06, size: number(0.16...0.24))
    }
    for _ in 0..<count(0...2) {
      paintTree(x: number(0...1) * canvas.aspect, ground: horizon + 0.06, size: number(0.3...0.45))
    }
    let top = number(0.7...0.76)
    paintAsphalt(from: top, to: number(0.94...1.05))
    if chance(0.4) { paintCar(ground: top + 0.07, size: number(0.22...0.28)) }
    paintCar(ground: number(0.88...0.95), size: number(0.36...0.52))
  }

  private mutating func paintGarden() {
    paintHills(layers: 2)
    if chance(0.5) { paintTreeAnywhere() }
    let flowers = count(2...5)
    for index in 0..<flowers {
      let place = (Float(index) + number(0.2...0.8)) / Float(flowers)
      paintFlower(x: place * canvas.aspect, ground: number(0.98...1.15), size: number(0.1...0.17))
    }
  }

  private mutating func paintTreeAnywhere() {
    let depth = number(0.05...0.6)
    let ground = horizon + (1 - horizon) * depth
    paintTree(x: number(0.02...0.98) * canvas.aspect, ground: ground, size: (0.2 + 0.45 * depth) * number(0.8...1.2))
  }

  /// Paints distant trees in a row.
  private mutating func paintTreeLine(probability: Float) {
    guard chance(probability) else { return }
    var x = number(-0.1...0.2)
    while x < canvas.aspect {
      paintTree(x: x, ground: horizon + 0.05, size: number(0.1...0.18))
      x += number(0.06...0.3)
    }
  }

  /// Applies the light of the day to the whole scene, and adds grain as of a photograph.
  private mutating func finish() {
    let light = number(0.88...1.06) - 0.22 * dusk
    let tint = SceneColor(repeating: 1).mixed(with: SceneColor(1.1, 0.94, 0.8), dusk)
    var random = random
    canvas.forEachPixel { pixel in
      let gray = SceneColor(repeating: pixel.sum() / 3)
      let grain = (random.nextUniform() - 0.5) * 0.03
      pixel = pixel.mixed(with: gray, 0.25 * haze) * tint * light + SceneColor(repeating: grain)
    }
    self.random = random
  }
}

// Sky, land, water and roads: everything that spans the scene.
extension ScenePainter {
  /// Paints the sky, the sun with or without a face, and clouds.
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

  /// Paints grass down to the bottom, in layers that get greener towards the viewer.
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

  /// Paints two to four mountains with snow on top.
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
        // The side towards the sun is lighter; the snow's edge is jagged.
        let light: Float = point.x < peak.x ? 1.08 : 0.82
        return (point.y < snowLine + 0.03 * sinf(jag * point.x) ? snow : rock) * light
      }
    }
  }

  /// Paints water with waves down to the bottom, and at random a beach, boats and a balloon.
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

  /// Paints a gray band with a white broken line along its middle.
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
