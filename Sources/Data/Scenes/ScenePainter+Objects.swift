// The objects of a scene. `ground` is the distance of an object's foot from the top, `size` its approximate height,
// both in heights of the scene.
extension ScenePainter {
  /// Paints a broad-leaved tree or a fir.
  mutating func paintTree(x: Float, ground: Float, size: Float) {
    let trunk = about(0.40, 0.27, 0.16, spread: 0.04)
    canvas.rectangle(x: x - 0.06 * size...x + 0.06 * size, y: ground - 0.4 * size...ground, trunk)
    if chance(0.4) {
      let color = about(0.08, 0.33, 0.18, spread: 0.04)
      for tier in 0..<3 {
        let top = ground - size * (1 - 0.24 * Float(tier))
        let half = size * (0.17 + 0.08 * Float(tier))
        canvas.polygon([
          SIMD2(x, top), SIMD2(x + half, top + 0.4 * size), SIMD2(x - half, top + 0.4 * size),
        ]) { color * ($0.x < x ? 1.25 : 0.85) }
      }
    } else {
      let color = about(0.16, 0.42, 0.12, spread: 0.05)
      for _ in 0..<4 {
        let leaf = SIMD2(x + number(-0.2...0.2) * size, ground - (0.66 + number(-0.16...0.16)) * size)
        let radius = SIMD2<Float>(repeating: number(0.2...0.3) * size)
        canvas.ellipse(leaf, radius) { point in
          color * (1 + 0.45 * (leaf - point).sum() / radius.x * 0.5)
        }
      }
    }
  }

  /// Paints a house with a red roof.
  mutating func paintHouse(x: Float, ground: Float, size: Float) {
    let half = size * number(0.45...0.7)
    let wallTop = ground - size * number(0.5...0.65)
    let roofTop = wallTop - size * number(0.3...0.45)
    let wall = chance(0.75) ? about(0.92, 0.87, 0.74, spread: 0.03) : about(0.72, 0.60, 0.48, spread: 0.03)
    let roof = about(0.66, 0.24, 0.15, spread: 0.04)
    canvas.rectangle(x: x - half...x + half, y: wallTop...ground, wall)
    let eaves = half * 1.15
    canvas.polygon([
      SIMD2(x - 0.45 * half, roofTop), SIMD2(x + 0.45 * half, roofTop), SIMD2(x + eaves, wallTop),
      SIMD2(x - eaves, wallTop),
    ]) { roof * (1.1 - 0.25 * ($0.y - roofTop) / (wallTop - roofTop)) }
    let door = SceneColor(0.38, 0.24, 0.14)
    let glass = SceneColor(0.30, 0.42, 0.55).mixed(with: SceneColor(1, 0.85, 0.45), dusk)
    canvas.rectangle(x: x - 0.12 * half...x + 0.2 * half, y: ground - 0.32 * size...ground, door)
    for side: Float in [-0.58, 0.66] {
      let middle = x + side * half
      canvas.rectangle(
        x: middle - 0.17 * half...middle + 0.17 * half, y: wallTop + 0.14 * size...wallTop + 0.32 * size, glass)
    }
  }

  /// Paints a hot-air balloon of any hue, plain or striped, in the sky.
  mutating func paintBalloon() {
    let radius = number(0.10...0.17)
    let center = SIMD2(number(0.12...0.88) * canvas.aspect, number(0.16...max(0.2, horizon - 0.22)))
    let color = anyHue()
    let stripe = chance(0.4) ? SceneColor(repeating: 0.95) : chance(0.4) ? anyHue() : color
    let basketTop = center.y + 1.45 * radius
    let basket = SceneColor(0.50, 0.34, 0.18)
    canvas.polygon(
      [
        SIMD2(center.x - 0.75 * radius, center.y + 0.6 * radius),
        SIMD2(center.x + 0.75 * radius, center.y + 0.6 * radius),
        SIMD2(center.x + 0.16 * radius, basketTop), SIMD2(center.x - 0.16 * radius, basketTop),
      ], color * 0.8)
    canvas.ellipse(center, SIMD2(1, 1.05) * radius) { point in
      let across = (point.x - center.x) / radius
      let down = (point.y - center.y) / radius
      // The gores narrow with the balloon towards top and bottom.
      let breadth = max(0.2, 1 - down * down).squareRoot()
      let gore = Int((across / breadth * 2.5 + 10.5).rounded(.down))
      let light = 1.08 - 0.28 * (across + 0.4) - 0.12 * down
      return (gore % 2 == 0 ? color : stripe) * light
    }
    canvas.rectangle(
      x: center.x - 0.18 * radius...center.x + 0.18 * radius, y: basketTop...basketTop + 0.3 * radius, basket)
  }

  /// Paints a car of any hue, seen from the side.
  mutating func paintCar(ground: Float, size: Float) {
    let x = number(0.15...0.85) * canvas.aspect
    let color = anyHue()
    let facing: Float = chance(0.5) ? 1 : -1
    let (half, bottom) = (0.5 * size, ground - 0.07 * size)
    let waist = ground - 0.26 * size
    let roof = ground - 0.46 * size
    canvas.ellipse(SIMD2(x, ground), SIMD2(1.05 * half, 0.05 * size), SceneColor(0.15, 0.15, 0.16), opacity: 0.6)
    let cabin = [
      SIMD2(x - 0.52 * half, roof), SIMD2(x + 0.28 * half, roof), SIMD2(x + 0.62 * half, waist),
      SIMD2(x - 0.74 * half, waist),
    ]
    func oriented(_ corners: [SIMD2<Float>]) -> [SIMD2<Float>] {
      facing > 0 ? corners : corners.reversed().map { SIMD2(2 * x - $0.x, $0.y) }
    }
    canvas.polygon(oriented(cabin), color * 1.08)
    let window = [
      SIMD2(x - 0.44 * half, roof + 0.04 * size), SIMD2(x + 0.24 * half, roof + 0.04 * size),
      SIMD2(x + 0.48 * half, waist), SIMD2(x - 0.58 * half, waist),
    ]
    canvas.polygon(oriented(window), SceneColor(0.62, 0.76, 0.84))
    canvas.rectangle(x: x - 0.04 * half...x + 0.04 * half, y: roof + 0.02 * size...waist, color)
    canvas.paint(
      x: x - half...x + half, y: waist - 0.02...bottom,
      distance: { point in
        // The distance from a rectangle with round corners.
        let radius = 0.07 * size
        let center = SIMD2(x, (waist + bottom) / 2)
        let inner = SIMD2(half, (bottom - waist) / 2) - radius
        let offset = point - center
        let outside = pointwiseMax(SIMD2(abs(offset.x), abs(offset.y)) - inner, .zero)
        return (outside * outside).sum().squareRoot() - radius
      }, color: { color * (1.05 - 0.3 * ($0.y - waist) / (bottom - waist)) })
    canvas.ellipse(
      SIMD2(x + 0.93 * half * facing, waist + 0.07 * size), SIMD2(0.03, 0.03) * size, SceneColor(1, 0.95, 0.7))
    for side: Float in [-0.56, 0.56] {
      let wheel = SIMD2(x + side * half, bottom)
      canvas.ellipse(wheel, SIMD2(repeating: 0.105 * size), SceneColor(0.09, 0.09, 0.10))
      canvas.ellipse(wheel, SIMD2(repeating: 0.05 * size), SceneColor(0.66, 0.67, 0.69))
    }
  }

  /// Paints a flower with petals of any hue around a yellow center, on a green stalk. `size` is the radius of the
  /// blossom.
  mutating func paintFlower(x: Float, ground: Float, size: Float) {
    let color = anyHue()
    let green = about(0.18, 0.46, 0.14, spread: 0.04)
    let height = size * number(2.4...3.6)
    let center = SIMD2(x, ground - height)
    canvas.rectangle(x: x - 0.11 * size...x + 0.11 * size, y: center.y...ground, green)
    if size > 0.09 {
      canvas.ellipse(SIMD2(x + 0.5 * size, ground - 0.35 * height), SIMD2(0.5, 0.22) * size, green)
      canvas.ellipse(SIMD2(x - 0.5 * size, ground - 0.5 * height), SIMD2(0.5, 0.22) * size, green)
    }
    // The corners of a hexagon, rotated by half a side for every other flower.
    let hexagon: [SIMD2<Float>] = [
      SIMD2(1, 0), SIMD2(0.5, 0.866), SIMD2(-0.5, 0.866), SIMD2(-1, 0), SIMD2(-0.5, -0.866), SIMD2(0.5, -0.866),
    ]
    let isTurned = chance(0.5)
    for point in hexagon {
      let petal = center + (isTurned ? SIMD2(point.y, point.x) : point) * (0.58 * size)
      canvas.ellipse(petal, SIMD2(repeating: 0.44 * size)) { place in
        let offset = place - center
        return color * (0.8 + 0.32 * (offset * offset).sum().squareRoot() / size)
      }
    }
    canvas.ellipse(center, SIMD2(repeating: 0.36 * size), SceneColor(0.96, 0.78, 0.18))
  }

  /// Paints a boat with white sails and a brown hull.
  mutating func paintBoat() {
    let depth = number(0.08...0.45)
    let size = 0.14 + 0.4 * depth
    let x = number(0.12...0.88) * canvas.aspect
    let water = horizon + (1 - horizon) * depth
    let hull = about(0.45, 0.26, 0.15, spread: 0.04)
    let sail = SceneColor(0.97, 0.96, 0.93).mixed(with: SceneColor(1, 0.82, 0.70), dusk)
    canvas.polygon(
      [
        SIMD2(x - 0.42 * size, water - 0.16 * size), SIMD2(x + 0.46 * size, water - 0.16 * size),
        SIMD2(x + 0.3 * size, water), SIMD2(x - 0.3 * size, water),
      ], hull)
    canvas.polygon(
      [
        SIMD2(x + 0.03 * size, water - size), SIMD2(x + 0.42 * size, water - 0.22 * size),
        SIMD2(x + 0.03 * size, water - 0.22 * size),
      ],
      sail)
    canvas.polygon(
      [
        SIMD2(x - 0.03 * size, water - 0.85 * size), SIMD2(x - 0.03 * size, water - 0.22 * size),
        SIMD2(x - 0.34 * size, water - 0.22 * size),
      ],
      sail * 0.9)
  }
}
