import Runtime

/// Paints one scene, from the back to the front.
struct ScenePainter {
  var canvas: SceneCanvas
  var random: Philox
  /// How far the sun is down: 0 at noon, 1 at sunset.
  var dusk: Float = 0
  /// How gray the day is: 0 clear, 1 overcast.
  var haze: Float = 0
  /// Height of the horizon.
  var horizon: Float = 0.6

  init(width: Int, height: Int, random: Philox) {
    canvas = SceneCanvas(width: width, height: height)
    self.random = random
  }

  /// Whether something that happens with this probability does.
  mutating func chance(_ probability: Float) -> Bool { random.nextUniform() < probability }

  mutating func number(_ range: ClosedRange<Float>) -> Float { random.nextUniform(in: range) }

  mutating func count(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(random.nextInteger(below: UInt32(range.count)))
  }

  /// Any saturated hue, of a brightness that does not depend on the hue.
  mutating func anyHue() -> SceneColor { SceneColor(hue: random.nextUniform(), mean: number(0.36...0.54)) }

  /// A color that is nearly always the same.
  mutating func about(_ red: Float, _ green: Float, _ blue: Float, spread: Float = 0.05) -> SceneColor {
    let brightness = number(1 - 2 * spread...1 + 2 * spread)
    return SceneColor(red, green, blue) * brightness
      + SceneColor(number(-spread...spread), number(-spread...spread), number(-spread...spread)) * 0.4
  }

  /// Paints the whole scene and says what it shows.
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

  /// Trees far away, in a row.
  private mutating func paintTreeLine(probability: Float) {
    guard chance(probability) else { return }
    var x = number(-0.1...0.2)
    while x < canvas.aspect {
      paintTree(x: x, ground: horizon + 0.05, size: number(0.1...0.18))
      x += number(0.06...0.3)
    }
  }

  /// The light of the day over everything, and the grain of a photograph.
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
