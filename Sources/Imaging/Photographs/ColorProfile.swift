import CLittleCMS

/// A color space as an ICC profile describes it, read by Little CMS.
///
/// `@unchecked Sendable`: the profile is only read once it is there, and transforms are made from it before rows are shared
/// among threads.
final class ColorProfile: @unchecked Sendable {
  let color: RasterColor
  /// The profile as a file; empty for one that was made from numbers.
  let bytes: [UInt8]
  /// Whether colors in it are the same numbers as in sRGB.
  private(set) var isSRGB = false
  private let handle: cmsHPROFILE

  /// Nil where the bytes are no profile of a gray, RGB or CMYK space that colors can be taken from.
  init?(icc bytes: [UInt8]) {
    guard let handle = cmsOpenProfileFromMem(bytes, cmsUInt32Number(bytes.count)) else { return nil }
    self.handle = handle
    self.bytes = bytes
    switch cmsGetColorSpace(handle) {
    case cmsSigGrayData: color = .gray
    case cmsSigRgbData: color = .rgb
    case cmsSigCmykData: color = .cmyk
    default:
      // Nothing is released by `deinit` before all members have a value.
      cmsCloseProfile(handle)
      return nil
    }
    guard let toLinear = ColorTransform(toLinear: self) else { return nil }
    isSRGB = color == .rgb && Self.isSRGB(toLinear)
  }

  /// The space of a PNG file's own numbers: gray has the exponent only. Nil for ink, for gray of sRGB's curve, and
  /// where the numbers make no space.
  init?(_ primaries: Primaries, color: RasterColor) {
    let xy = primaries.resolved
    var white = cmsCIExyY(x: xy[0], y: xy[1], Y: 1)
    var triple = cmsCIExyYTRIPLE(
      Red: cmsCIExyY(x: xy[2], y: xy[3], Y: 1), Green: cmsCIExyY(x: xy[4], y: xy[5], Y: 1),
      Blue: cmsCIExyY(x: xy[6], y: xy[7], Y: 1))
    guard let curve = cmsBuildGamma(nil, 1 / primaries.gamma) else { return nil }
    defer { cmsFreeToneCurve(curve) }
    var curves: [OpaquePointer?] = [curve, curve, curve]
    let made: cmsHPROFILE? =
      switch color {
      case .gray: primaries.hasUsualGamma ? nil : cmsCreateGrayProfile(cmsD50_xyY(), curve)
      case .rgb: cmsCreateRGBProfile(&white, &triple, &curves)
      case .cmyk: nil
      }
    guard let made else { return nil }
    handle = made
    self.color = color
    bytes = []
    guard ColorTransform(toLinear: self) != nil else { return nil }
  }

  deinit { cmsCloseProfile(handle) }

  /// Gives the profile to the library for as long as `body` runs.
  func withHandle<Result>(_ body: (cmsHPROFILE) -> Result) -> Result { body(handle) }

  /// Whether a grid of colors comes out as sRGB's curve and primaries would have it, to half a step of 8 bits.
  private static func isSRGB(_ toLinear: ColorTransform) -> Bool {
    let levels = stride(from: Float(0), through: 1, by: 0.125)
    let grid = levels.flatMap { red in levels.flatMap { green in levels.flatMap { blue in [red, green, blue] } } }
    var linear = [Float](repeating: 0, count: grid.count)
    grid.withUnsafeBufferPointer { grid in
      linear.withUnsafeMutableBufferPointer { toLinear.apply(grid, $0, count: grid.count / 3) }
    }
    return zip(grid, linear).allSatisfy { abs(SRGB.encoded(max(0, $1)) - $0) < 0.5 / 255 }
  }
}
