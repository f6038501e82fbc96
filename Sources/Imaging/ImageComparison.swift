/// One image beside its photograph, in the forms that the figures need, and scratch memory for the next.
struct ImageComparison: ~Copyable {
  private let pixelCount: Int
  /// `[3, height, width]` in 0...1
  private let photograph: UnsafeMutablePointer<Double>
  private let prediction: UnsafeMutablePointer<Double>
  /// `[height, width]`
  private let photographLab: UnsafeMutablePointer<CIELAB>
  private var similarity: StructuralSimilarity

  /// Linear light of each byte.
  private static let linearLight: [Double] = (0..<256).map { SRGB.linear(Double($0) / 255) }

  init(width: Int, height: Int) {
    pixelCount = width * height
    photograph = .allocate(capacity: 3 * pixelCount)
    prediction = .allocate(capacity: 3 * pixelCount)
    photographLab = .allocate(capacity: pixelCount)
    photograph.initialize(repeating: 0, count: 3 * pixelCount)
    prediction.initialize(repeating: 0, count: 3 * pixelCount)
    photographLab.initialize(repeating: CIELAB(lightness: 0, a: 0, b: 0), count: pixelCount)
    similarity = StructuralSimilarity(width: width, height: height)
  }

  deinit {
    photograph.deallocate()
    prediction.deallocate()
    photographLab.deallocate()
  }

  /// - Parameter bytes: `[height, width, 3]`
  mutating func setPhotograph(_ bytes: UnsafeBufferPointer<UInt8>) {
    precondition(bytes.count == 3 * pixelCount, "the photograph is of another size")
    Self.linearLight.withUnsafeBufferPointer { linear in
      for pixel in 0..<pixelCount {
        let (red, green, blue) = (bytes[3 * pixel], bytes[3 * pixel + 1], bytes[3 * pixel + 2])
        photograph[pixel] = Double(red) / 255
        photograph[pixelCount + pixel] = Double(green) / 255
        photograph[2 * pixelCount + pixel] = Double(blue) / 255
        photographLab[pixel] = CIELAB(linear: SIMD3(linear[Int(red)], linear[Int(green)], linear[Int(blue)]))
      }
    }
  }

  /// - Parameter values: `[height, width, 3]`, held within 0...1.
  mutating func setPrediction(_ values: UnsafeBufferPointer<Float>) {
    precondition(values.count == 3 * pixelCount, "the prediction is of another size")
    for pixel in 0..<pixelCount {
      for channel in 0..<3 {
        let value = Double(values[3 * pixel + channel])
        prediction[channel * pixelCount + pixel] = value > 0 ? min(value, 1) : 0
      }
    }
  }

  mutating func setPredictionToGrayCopy() {
    for pixel in 0..<pixelCount {
      let mean = (photograph[pixel] + photograph[pixelCount + pixel] + photograph[2 * pixelCount + pixel]) / 3
      for channel in 0..<3 { prediction[channel * pixelCount + pixel] = mean }
    }
  }

  /// The prediction's.
  mutating func scores() -> ImageScores {
    var (squares, absolutes) = (0.0, 0.0)
    for index in 0..<3 * pixelCount {
      let error = prediction[index] - photograph[index]
      squares += error * error
      absolutes += abs(error)
    }
    let ssim = (0..<3).reduce(0.0) { sum, channel in
      sum + similarity.mean(prediction + channel * pixelCount, photograph + channel * pixelCount)
    }
    let color = colorScores()
    let (pixels, values) = (Double(pixelCount), Double(3 * pixelCount))
    return ImageScores(
      mse: squares / values, mae: absolutes / values, ssim: ssim / 3, accuracyWithin2: Double(color.within2) / pixels,
      accuracyWithin5: Double(color.within5) / pixels, deltaE: color.deltaE / pixels,
      colorfulness: colorfulness(red: prediction, pixelCount: pixelCount))
  }

  /// The photograph's, against itself.
  func photographScores() -> ImageScores {
    ImageScores(
      mse: 0, mae: 0, ssim: 1, accuracyWithin2: 1, accuracyWithin5: 1, deltaE: 0,
      colorfulness: colorfulness(red: photograph, pixelCount: pixelCount))
  }

  /// Pixels within 2 % and 5 %, and the sum of the color differences.
  private func colorScores() -> (within2: Int, within5: Int, deltaE: Double) {
    var (within2, within5, deltaE) = (0, 0, 0.0)
    for pixel in 0..<pixelCount {
      let predicted = CIELAB(
        red: prediction[pixel], green: prediction[pixelCount + pixel], blue: prediction[2 * pixelCount + pixel])
      let truth = photographLab[pixel]
      deltaE += colorDifference(predicted, truth)
      let distance = RoundedDistance(predicted, truth)
      if distance.isWithin(percent: 2) { within2 += 1 }
      if distance.isWithin(percent: 5) { within5 += 1 }
    }
    return (within2, within5, deltaE)
  }
}

/// How far apart two colors are in CIELAB's rounded numbers.
private struct RoundedDistance {
  private let lightness: Float
  private let a: Float
  private let b: Float

  init(_ first: CIELAB, _ second: CIELAB) {
    lightness = abs(Self.rounded(first.lightness) - Self.rounded(second.lightness))
    a = abs(Self.rounded(first.a) - Self.rounded(second.a))
    b = abs(Self.rounded(first.b) - Self.rounded(second.b))
  }

  /// Halves to the even number, as TensorFlow and numpy round.
  private static func rounded(_ value: Float) -> Float { value.rounded(.toNearestOrEven) }

  /// L has a range of 100, a and b of 220.
  func isWithin(percent: Float) -> Bool {
    lightness <= percent && a <= 2.2 * percent && b <= 2.2 * percent
  }
}
