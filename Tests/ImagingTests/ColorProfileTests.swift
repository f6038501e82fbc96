import CLittleCMS
import Foundation
import Testing

@testable import Imaging

@Suite("Color profiles")
struct ColorProfileTests {
  /// Returns the file of a profile with the given primaries and an exponent of 2.2.
  private func profile(_ xy: [Double]) throws -> [UInt8] {
    var white = cmsCIExyY(x: 0.3127, y: 0.3290, Y: 1)
    var primaries = cmsCIExyYTRIPLE(
      Red: cmsCIExyY(x: xy[0], y: xy[1], Y: 1), Green: cmsCIExyY(x: xy[2], y: xy[3], Y: 1),
      Blue: cmsCIExyY(x: xy[4], y: xy[5], Y: 1))
    let curve = try #require(cmsBuildGamma(nil, 2.19921875))
    defer { cmsFreeToneCurve(curve) }
    var curves: [OpaquePointer?] = [curve, curve, curve]
    let handle = try #require(cmsCreateRGBProfile(&white, &primaries, &curves))
    return try bytes(of: handle)
  }

  private func bytes(of handle: cmsHPROFILE) throws -> [UInt8] {
    defer { cmsCloseProfile(handle) }
    var count: cmsUInt32Number = 0
    try #require(cmsSaveProfileToMem(handle, nil, &count) != 0)
    var bytes = [UInt8](repeating: 0, count: Int(count))
    try #require(cmsSaveProfileToMem(handle, &bytes, &count) != 0)
    return bytes
  }

  /// The primaries of Adobe RGB (1998).
  private let adobe = [0.64, 0.33, 0.21, 0.71, 0.15, 0.06]

  private func png(_ image: RGBImage, profile: [UInt8]) throws -> [UInt8] {
    let output = MemoryOutput()
    let layout = ImageEncoder.Layout(width: image.width, height: image.height, profile: profile)
    let encoder = try ImageEncoder(.png, layout, output: output, name: "test")
    try image.bytes.withUnsafeBytes { try encoder.write($0, count: image.height) }
    try encoder.finish()
    return output.bytes
  }

  private let picture = RGBImage(
    width: 4, height: 2,
    bytes: [
      0, 0, 0, 255, 255, 255, 128, 128, 128, 200, 100, 50, 90, 120, 200, 60, 140, 70, 12, 12, 12, 180, 170, 40,
    ])

  @Test("Profiles are applied")
  func profilesAreApplied() throws {
    let photograph = try Photograph(encoded: png(picture, profile: try profile(adobe)), name: "adobe")
    // By the published matrices of Adobe RGB (1998) and sRGB: (200, 100, 50) is redder in sRGB, gray stays nearly as it
    // is.
    let converted = photograph.rgbImage
    #expect(converted[0, 0] == .black && converted[1, 0] == .white)
    let linear = [200, 100, 50].map { pow(Float($0) / 255, 2.19921875) }
    let expected = SIMD3(
      1.39836 * linear[0] - 0.39836 * linear[1], linear[1], -0.04293 * linear[1] + 1.04293 * linear[2])
    let found = converted[3, 0]
    for (byte, light) in zip([found.red, found.green, found.blue], [expected.x, expected.y, expected.z]) {
      #expect(abs(Float(byte) - 255 * SRGB.encoded(light)) < 1.5)
    }
  }

  @Test("Profiles of sRGB change nothing")
  func profilesOfSRGBChangeNothing() throws {
    let handle = try #require(cmsCreate_sRGBProfile())
    let bytes = try bytes(of: handle)
    let photograph = try Photograph(encoded: png(picture, profile: bytes), name: "sRGB")
    #expect(photograph.profile?.isSRGB == true)
    #expect(photograph.rgbImage == picture)
  }

  @Test("Damaged profiles are ignored")
  func damagedProfilesAreIgnored() throws {
    var bytes = try profile(adobe)
    // The signature of the color space.
    for index in 16..<20 { bytes[index] = 0x58 }
    let layout = ImageEncoder.Layout(width: 4, height: 2, profile: bytes)
    let output = MemoryOutput()
    let encoder = try ImageEncoder(.jpeg, quality: 100, layout, output: output, name: "test")
    try picture.bytes.withUnsafeBytes { try encoder.write($0, count: 2) }
    try encoder.finish()
    let photograph = try Photograph(encoded: output.bytes, name: "damaged")
    #expect(photograph.profile == nil)
    #expect(photograph.remarks.count == 1)
  }

  /// libpng reads them with a warning. One of them is the most common profile of sRGB, "sRGB IEC61966-2.1".
  @Test("Profiles with slight faults are kept in PNG files", arguments: [ImageFormat.png, .jpeg])
  func profilesWithSlightFaultsAreKeptInPNGFiles(source: ImageFormat) throws {
    var bytes = try profile(adobe)
    // The illuminant of the connection space, which must be D50.
    bytes[71] ^= 1
    let file = MemoryOutput()
    let layout = ImageEncoder.Layout(width: 4, height: 2, profile: bytes)
    let encoder = try ImageEncoder(source, quality: 100, layout, output: file, name: "test")
    try picture.bytes.withUnsafeBytes { try encoder.write($0, count: 2) }
    try encoder.finish()
    let photograph = try Photograph(encoded: file.bytes, name: "odd")
    #expect(photograph.profile?.bytes == bytes)
    let gray = ChromaPlane(colors: [Float](repeating: 0.5, count: 24), width: 4, height: 2)
    let colored = ColoredPhotograph(photograph, chroma: gray, small: photograph.resized(width: 4, height: 2))
    #expect(colored.remarks(as: .png).isEmpty)
    let output = MemoryOutput()
    try colored.write(to: output, as: .png, name: "colored")
    #expect(try Photograph(encoded: output.bytes, name: "colored").profile?.bytes == bytes)
  }

  @Test("Profiles that PNG files cannot hold are dropped")
  func profilesThatPNGFilesCannotHoldAreDropped() throws {
    // The size of a profile of version 4 must be a multiple of four bytes, which Little CMS does not require.
    var bytes = try profile(adobe) + [0]
    bytes[8] = 4
    for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: bytes.count >> (24 - 8 * index)) }
    let jpeg = MemoryOutput()
    let layout = ImageEncoder.Layout(width: 4, height: 2, profile: bytes)
    let encoder = try ImageEncoder(.jpeg, quality: 100, layout, output: jpeg, name: "test")
    try picture.bytes.withUnsafeBytes { try encoder.write($0, count: 2) }
    try encoder.finish()
    let photograph = try Photograph(encoded: jpeg.bytes, name: "odd")
    #expect(photograph.profile?.bytes == bytes)
    let gray = ChromaPlane(colors: [Float](repeating: 0.5, count: 24), width: 4, height: 2)
    let colored = ColoredPhotograph(photograph, chroma: gray, small: photograph.resized(width: 4, height: 2))
    #expect(colored.remarks(as: .png).count == 1 && colored.remarks(as: .jpeg).isEmpty)
    let output = MemoryOutput()
    try colored.write(to: output, as: .png, name: "colored")
    let found = try Photograph(encoded: output.bytes, name: "colored")
    #expect(found.profile == nil)
    for (before, after) in zip(lightness(of: photograph), lightness(of: found)) { #expect(abs(before - after) < 0.6) }
  }

  /// At this width, reading three samples per pixel of gray would access memory beyond the row.
  @Test("Exponents of gray PNG files are applied", arguments: [false, true])
  func exponentsOfGrayPNGFilesAreApplied(hasAlpha: Bool) throws {
    let width = 200_000
    let row = (0..<width).flatMap { x -> [UInt8] in hasAlpha ? [UInt8(x % 256), 255] : [UInt8(x % 256)] }
    let gamma = PNGFile.chunk("gAMA", PNGFile.number(100_000))
    let file = PNGFile(width: width, height: 1, colorType: hasAlpha ? 4 : 0, extra: gamma)
    let photograph = try Photograph(encoded: file.bytes(rows: [row]), name: "gray")
    #expect(photograph.profile?.color == .gray && photograph.hasAlpha == hasAlpha)
    let image = photograph.rgbImage
    for x in stride(from: 0, to: width, by: 99) {
      let expected = 255 * SRGB.encoded(Float(x % 256) / 255)
      let found = image[x, 0]
      for byte in [found.red, found.green, found.blue] { #expect(abs(Float(byte) - expected) < 1.5) }
    }
    let usual = PNGFile.chunk("gAMA", PNGFile.number(45_455))
    let plain = PNGFile(width: width, height: 1, colorType: hasAlpha ? 4 : 0, extra: usual)
    #expect(try Photograph(encoded: plain.bytes(rows: [row]), name: "gray").profile == nil)
  }

  @Test("Colored photographs keep their profiles", arguments: ImageFormat.writable)
  func coloredPhotographsKeepTheirProfiles(_ format: ImageFormat) throws {
    let bytes = try profile(adobe)
    let photograph = try Photograph(encoded: png(picture, profile: bytes), name: "adobe")
    let small = photograph.resized(width: 4, height: 2)
    let gray = ChromaPlane(colors: [Float](repeating: 0.5, count: 24), width: 4, height: 2)
    let output = MemoryOutput()
    try ColoredPhotograph(photograph, chroma: gray, small: small).write(
      to: output, as: format, quality: 100, name: "colored")
    let colored = try Photograph(encoded: output.bytes, name: "colored")
    #expect(colored.profile?.bytes == bytes)
    for (before, after) in zip(lightness(of: photograph), lightness(of: colored)) {
      #expect(abs(before - after) < (format == .jpeg ? 2.5 : 0.6))
    }
  }

  /// Returns L* of every pixel, also outside the gamut of sRGB.
  private func lightness(of photograph: Photograph) -> [Float] {
    let rows = ColorRows(photograph)
    var colors = [Float](repeating: 0, count: 3 * photograph.width)
    return (0..<photograph.height).flatMap { y in
      colors.withUnsafeMutableBufferPointer { rows.readLinear(y, into: $0) }
      return stride(from: 0, to: colors.count, by: 3).map { first in
        CIELAB.lightness(ofLinear: SIMD3(colors[first], colors[first + 1], colors[first + 2]))
      }
    }
  }

  @Test("Exponents of PNG files are applied")
  func exponentsOfPNGFilesAreApplied() throws {
    #expect(Primaries(.power(0), chromaticities: (0, 0, 0, 0, 0, 0, 0, 0)) == nil)
    #expect(Primaries(.power(1 / 2.2), chromaticities: (0, 0, 0, 0, 0, 0, 0, 0)) == nil)
    #expect(Primaries(.sRGB, chromaticities: (0, 0, 0, 0, 0, 0, 0, 0)) == nil)
    let linear = try #require(Primaries(.power(1), chromaticities: (0, 0, 0, 0, 0, 0, 0, 0)))
    let profile = try #require(ColorProfile(linear, color: .rgb))
    let transform = try #require(ColorTransform(toLinear: profile))
    let colors: [Float] = [0.5, 0.25, 1]
    var result: [Float] = [0, 0, 0]
    colors.withUnsafeBufferPointer { colors in
      result.withUnsafeMutableBufferPointer { transform.apply(colors, $0, count: 1) }
    }
    for (found, expected) in zip(result, colors) { #expect(abs(found - expected) < 1e-3) }
  }
}
