import Files
import Foundation
import Testing

@testable import Imaging

@Suite("Colored photographs")
struct ColoredPhotographTests {
  private func photograph(_ image: RGBImage) throws -> Photograph {
    let output = MemoryOutput()
    try image.write(to: output, as: .png, name: "test")
    return try Photograph(encoded: output.bytes, name: "test")
  }

  private func colored(_ photograph: Photograph, _ colors: [Float], _ width: Int, _ height: Int) -> ColoredPhotograph {
    ColoredPhotograph(
      photograph, chroma: ChromaPlane(colors: colors, width: width, height: height),
      small: photograph.resized(width: width, height: height))
  }

  private func written(_ colored: ColoredPhotograph, _ format: ImageFormat = .png, quality: Int = 90) throws
    -> Photograph
  {
    let output = MemoryOutput()
    try colored.write(to: output, as: format, quality: quality, name: "test")
    return try Photograph(encoded: output.bytes, name: "test")
  }

  /// Returns 16 × 16 pixels of one color.
  private func uniform(_ red: Float, _ green: Float, _ blue: Float) -> [Float] {
    var colors: [Float] = []
    for _ in 0..<256 { colors += [red, green, blue] }
    return colors
  }

  /// The most saturated colors on all levels of gray.
  @Test("Lightness is kept")
  func lightnessIsKept() throws {
    let grays = (0..<12 * 256).flatMap { [UInt8](repeating: UInt8($0 % 256), count: 3) }
    let image = RGBImage(width: 256, height: 12, bytes: grays)
    let corners: [[Float]] = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 0], [0, 1, 1]]
    var colors: [Float] = []
    for pixel in 0..<32 * 16 { colors += corners[pixel / 32 % 6] }
    let result = try written(colored(try photograph(image), colors, 32, 16)).rgbImage
    var largest: Float = 0
    for y in 0..<12 {
      for x in 0..<256 { largest = max(largest, abs(result.lightness(x, y) - image.lightness(x, y))) }
    }
    // Green is rounded to a byte: half a step is at most 0.25 of L*.
    #expect(largest <= 0.25)
    let middle = result[128, 0]
    #expect(Int(middle.red) > Int(middle.blue) + 60)
  }

  @Test("Gray is kept exactly")
  func grayIsKeptExactly() throws {
    let image = RGBImage(width: 16, height: 16, bytes: (0..<256).flatMap { [UInt8](repeating: UInt8($0), count: 3) })
    let gray = [Float](repeating: 0.5, count: 3 * 256)
    #expect(try written(colored(try photograph(image), gray, 16, 16)).rgbImage == image)
  }

  /// Returns the colored photograph with chroma of a strength.
  private func colored(_ image: RGBImage, _ color: [Float], strength: Float) throws -> ColoredPhotograph {
    let photograph = try photograph(image)
    let chroma = ChromaPlane(colors: color, width: 16, height: 16).adjusted(strength: strength)
    return ColoredPhotograph(photograph, chroma: chroma, small: photograph.resized(width: 16, height: 16))
  }

  @Test("Strength 0 is gray, 1 keeps every bit")
  func strengths() throws {
    let image = RGBImage(
      width: 64, height: 48, bytes: (0..<3 * 64 * 48).map { UInt8(truncatingIfNeeded: $0 * $0 / 61) })
    let photograph = try photograph(image)
    let gray = try colored(image, uniform(0.8, 0.3, 0.3), strength: 0).rgbImage
    for pixel in stride(from: 0, to: gray.bytes.count, by: 3) {
      #expect(gray.bytes[pixel] == gray.bytes[pixel + 1] && gray.bytes[pixel] == gray.bytes[pixel + 2])
    }
    #expect(gray == image.withoutChroma)
    let whole = try written(colored(image, uniform(0.8, 0.3, 0.3), strength: 1)).rgbImage
    #expect(whole == (try written(colored(photograph, uniform(0.8, 0.3, 0.3), 16, 16)).rgbImage))
    #expect(whole != image)
  }

  /// Inside the gamut chroma grows in proportion; outside, lightness and hue are kept.
  @Test("Strength scales chroma", arguments: [Float(0.5), 1.5, 2])
  func strengthScalesChroma(strength: Float) throws {
    func lab(_ color: [Float], strength: Float) throws -> CIELAB {
      let image = RGBImage(width: 32, height: 32, color: RGBColor(red: 128, green: 128, blue: 128))
      let result = try colored(image, color, strength: strength).rgbImage[9, 20]
      return CIELAB(red: Float(result.red) / 255, green: Float(result.green) / 255, blue: Float(result.blue) / 255)
    }
    // Errors of rounding to bytes are about 0.4 of a* and b*.
    let (dull, scaled) = (
      try lab(uniform(0.55, 0.5, 0.45), strength: 1), try lab(uniform(0.55, 0.5, 0.45), strength: strength)
    )
    #expect(abs(scaled.a - strength * dull.a) < 1.5 && abs(scaled.b - strength * dull.b) < 1.5)
    let (vivid, limited) = (try lab(uniform(1, 0.1, 0), strength: 1), try lab(uniform(1, 0.1, 0), strength: strength))
    #expect(abs(limited.lightness - vivid.lightness) < 0.5)
    #expect(abs(atan2(limited.b, limited.a) - atan2(vivid.b, vivid.a)) < 0.03)
  }

  @Test("The picture in memory is the written one")
  func thePictureInMemoryIsTheWrittenOne() throws {
    let image = RGBImage(
      width: 70, height: 50, bytes: (0..<3 * 70 * 50).map { UInt8(truncatingIfNeeded: $0 * $0 / 97) })
    let opaque = colored(try photograph(image), uniform(0.7, 0.5, 0.2), 16, 16)
    #expect(opaque.rgbImage == (try written(opaque).rgbImage))
    #expect(try Photograph(image, name: "test").rgbImage == image)
    // On white where it is transparent, within the rounding of the alpha channel.
    let transparent = try Photograph(contentsOf: "\(Vectors.folder)/photographs/alpha.webp")
    let result = colored(transparent, uniform(0.7, 0.5, 0.2), 16, 16)
    let differences = zip(result.rgbImage.bytes, try written(result).rgbImage.bytes).map { abs(Int($0) - Int($1)) }
    #expect(differences.max() ?? 255 <= 1)
  }

  /// A red and a blue half with a sharp edge, and the chroma at a fraction of the size.
  @Test("Chroma follows the edges of the photograph")
  func chromaFollowsTheEdgesOfThePhotograph() throws {
    let (width, height) = (256, 64)
    let edge = 121
    var image = RGBImage(width: width, height: height, color: RGBColor(red: 200, green: 170, blue: 160))
    for y in 0..<height {
      for x in edge..<width { image[x, y] = RGBColor(red: 40, green: 50, blue: 110) }
    }
    let small = image.resized(width: 32, height: 16)
    let chroma = ChromaPlane(colors: small.bytes.map { Float($0) / 255 }, width: 32, height: 16)
    let errors = try chromaErrors(try photograph(image), chroma, small)
    #expect(errors.guided < 0.5 * errors.bilinear)
  }

  /// Returns the mean distance of (a*, b*) from the photograph's own, upsampled along its edges and bilinearly.
  private func chromaErrors(
    _ photograph: Photograph, _ chroma: ChromaPlane, _ small: RGBImage
  ) throws -> (guided: Double, bilinear: Double) {
    let (width, height) = (photograph.width, photograph.height)
    let source = ColorRows(photograph)
    let guided = GuidedChroma(chroma, guide: small, width: width, height: height)
    let columns = LinearSample.all(from: chroma.width, to: width)
    let rows = LinearSample.all(from: chroma.height, to: height)
    var sums = (guided: 0.0, bilinear: 0.0)
    var colors = [Float](repeating: 0, count: 3 * width)
    for y in 0..<height {
      colors.withUnsafeMutableBufferPointer { source.readLinear(y, into: $0) }
      guided.forEachPixel(ofRow: y) { x, chromaAt in
        let truth = CIELAB(linear: SIMD3(colors[3 * x], colors[3 * x + 1], colors[3 * x + 2]))
        let own = SIMD2(truth.a, truth.b)
        sums.guided += Double(distance(chromaAt(truth.lightness), own))
        sums.bilinear += Double(distance(bilinear(chroma, columns[x], rows[y]), own))
      }
    }
    return (sums.guided / Double(width * height), sums.bilinear / Double(width * height))
  }

  private func distance(_ a: SIMD2<Float>, _ b: SIMD2<Float>) -> Float { ((a - b) * (a - b)).sum().squareRoot() }

  private func bilinear(_ chroma: ChromaPlane, _ column: LinearSample, _ row: LinearSample) -> SIMD2<Float> {
    func across(_ y: Int) -> SIMD2<Float> {
      let (left, right) = (chroma.values[y * chroma.width + column.low], chroma.values[y * chroma.width + column.high])
      return left + (right - left) * column.fraction
    }
    return across(row.low) + (across(row.high) - across(row.low)) * row.fraction
  }

  /// With RECOLOR_PHOTOGRAPHS=FOLDER: prints the figures of docs/colorize.md for that folder's photographs.
  @Test(
    "Chroma follows the edges of real photographs",
    .enabled(if: ProcessInfo.processInfo.environment["RECOLOR_PHOTOGRAPHS"] != nil))
  func chromaFollowsTheEdgesOfRealPhotographs() throws {
    let folder = ProcessInfo.processInfo.environment["RECOLOR_PHOTOGRAPHS"] ?? ""
    for workingSize in [32, 64, 128] {
      var sums = (guided: 0.0, bilinear: 0.0)
      let names = try Folder.names(in: folder).filter { ImageFormat.isImage(named: $0) }
      for name in names {
        let photograph = try Photograph(contentsOf: "\(folder)/\(name)")
        let scale = Double(workingSize) / Double(min(photograph.width, photograph.height))
        let (width, height) = (Int(Double(photograph.width) * scale), Int(Double(photograph.height) * scale))
        let small = photograph.resized(width: width, height: height)
        let chroma = ChromaPlane(colors: small.bytes.map { Float($0) / 255 }, width: width, height: height)
        let errors = try chromaErrors(photograph, chroma, small)
        sums.guided += errors.guided / Double(names.count)
        sums.bilinear += errors.bilinear / Double(names.count)
      }
      print("working size \(workingSize): along edges \(sums.guided), bilinear \(sums.bilinear)")
      #expect(sums.guided < sums.bilinear)
    }
  }

  @Test("Chroma of NaN is gray")
  func chromaOfNaNIsGray() throws {
    let image = RGBImage(width: 40, height: 30, color: RGBColor(red: 90, green: 90, blue: 90))
    let colors = [Float](repeating: .nan, count: 3 * 256)
    #expect(try written(colored(try photograph(image), colors, 16, 16)).rgbImage == image)
  }

  @Test("Photographs of any size are colored", arguments: [(1, 1), (1, 20000), (20000, 1), (3, 2)])
  func photographsOfAnySizeAreColored(width: Int, height: Int) throws {
    let image = RGBImage(width: width, height: height, color: RGBColor(red: 90, green: 90, blue: 90))
    let colors = uniform(0.8, 0.3, 0.3)
    let result = try written(colored(try photograph(image), colors, 16, 16))
    #expect(result.width == width && result.height == height)
    #expect(abs(result.rgbImage.lightness(0, 0) - image.lightness(0, 0)) < 0.25)
  }

  @Test("Sixteen bits are kept")
  func sixteenBitsAreKept() throws {
    let photograph = try Photograph(contentsOf: "\(Vectors.folder)/photographs/gray16.tif")
    let colors = uniform(0.6, 0.5, 0.3)
    let result = try written(colored(photograph, colors, 16, 16))
    #expect(result.bitsPerSample == 16)
    let (before, after) = (ColorRows(photograph), ColorRows(result))
    var (old, new) = (
      [Float](repeating: 0, count: 3 * photograph.width), [Float](repeating: 0, count: 3 * result.width)
    )
    for y in 0..<photograph.height {
      old.withUnsafeMutableBufferPointer { before.readLinear(y, into: $0) }
      new.withUnsafeMutableBufferPointer { after.readLinear(y, into: $0) }
      for x in stride(from: 0, to: old.count, by: 3) {
        let difference =
          CIELAB.lightness(ofLinear: SIMD3(old[x], old[x + 1], old[x + 2]))
          - CIELAB.lightness(ofLinear: SIMD3(new[x], new[x + 1], new[x + 2]))
        #expect(abs(difference) < 0.001)
      }
    }
    #expect(try written(colored(photograph, colors, 16, 16), .jpeg).bitsPerSample == 8)
  }

  @Test("Alpha is kept in PNG and white in JPEG")
  func alphaIsKeptInPNGAndWhiteInJPEG() throws {
    let photograph = try Photograph(contentsOf: "\(Vectors.folder)/photographs/alpha.webp")
    let colors = uniform(0.6, 0.5, 0.3)
    let result = try written(colored(photograph, colors, 16, 16))
    #expect(result.hasAlpha)
    let image = result.rgbImage
    #expect(image[0, 3] == RGBColor.white && image[10, 3] != RGBColor.white)
    let flat = try written(colored(photograph, colors, 16, 16), .jpeg, quality: 100)
    #expect(!flat.hasAlpha)
    #expect(flat.rgbImage.lightness(0, 3) > 99)
  }
}

extension RGBImage {
  /// Returns L* of the pixel at (x, y).
  fileprivate func lightness(_ x: Int, _ y: Int) -> Float {
    let color = self[x, y]
    return CIELAB(red: Float(color.red) / 255, green: Float(color.green) / 255, blue: Float(color.blue) / 255).lightness
  }
}
