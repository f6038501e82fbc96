import CLittleCMS

/// A color space, described by an ICC profile that Little CMS reads.
///
/// `@unchecked Sendable`: the profile is not changed after its creation, and transforms are created from it before rows
/// are shared among threads.
final class ColorProfile: @unchecked Sendable {
  let color: RasterColor
  /// The profile's file; empty for a profile made from `Primaries`.
  let bytes: [UInt8]
  /// Whether the color space is sRGB.
  private(set) var isSRGB = false
  private let handle: cmsHPROFILE

  /// Nil where the bytes are no profile of a gray, RGB or CMYK space that can be converted to linear light.
  init?(icc bytes: [UInt8]) {
    guard let handle = cmsOpenProfileFromMem(bytes, cmsUInt32Number(bytes.count)) else { return nil }
    self.handle = handle
    self.bytes = bytes
    switch cmsGetColorSpace(handle) {
    case cmsSigGrayData: color = .gray
    case cmsSigRgbData: color = .rgb
    case cmsSigCmykData: color = .cmyk
    default:
      // `deinit` does not run before all members have a value.
      cmsCloseProfile(handle)
      return nil
    }
    guard let toLinear = ColorTransform(toLinear: self) else { return nil }
    isSRGB = color == .rgb && Self.isSRGB(toLinear)
  }

  /// Creates the color space that a file describes by numbers; for gray, by the transfer function only. Nil for CMYK,
  /// for gray with sRGB's transfer function, and where the values are invalid.
  init?(_ primaries: Primaries, color: RasterColor) {
    let xy = primaries.resolved
    var white = cmsCIExyY(x: xy[0], y: xy[1], Y: 1)
    var triple = cmsCIExyYTRIPLE(
      Red: cmsCIExyY(x: xy[2], y: xy[3], Y: 1), Green: cmsCIExyY(x: xy[4], y: xy[5], Y: 1),
      Blue: cmsCIExyY(x: xy[6], y: xy[7], Y: 1))
    guard let curve = Self.curve(primaries.transfer) else { return nil }
    defer { cmsFreeToneCurve(curve) }
    var curves: [OpaquePointer?] = [curve, curve, curve]
    let made: cmsHPROFILE? =
      switch color {
      case .gray: primaries.transfer.isUsual ? nil : cmsCreateGrayProfile(cmsD50_xyY(), curve)
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

  /// Returns the inverse of a transfer function, which the caller owns.
  private static func curve(_ transfer: Primaries.Transfer) -> OpaquePointer? {
    // (a · x + b)^g from d on, and c · x below.
    let parameters: [Double] =
      switch transfer {
      case .power(let exponent): [1 / exponent, 1, 0, 0, 0]
      case .sRGB: [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045]
      case .bt709: [1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081]
      }
    return cmsBuildParametricToneCurve(nil, 4, parameters)
  }

  /// Returns the result of `body`, called with the library's handle of the profile, which is valid during the call.
  func withHandle<Result>(_ body: (cmsHPROFILE) -> Result) -> Result { body(handle) }

  /// Returns whether a grid of colors is converted as by sRGB's transfer function and primaries, to half a step of 8
  /// bits.
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

/// A conversion of colors between a profile's space and linear light with sRGB's primaries, by Little CMS in floating
/// point.
///
/// `@unchecked Sendable`: without the library's cache of one pixel, several threads may use a transform at once.
final class ColorTransform: @unchecked Sendable {
  private let handle: cmsHTRANSFORM

  /// Creates a conversion from the profile: gray and RGB in 0...1, CMYK in 0...100.
  init?(toLinear profile: ColorProfile) {
    let format =
      switch profile.color {
      case .gray: recolor_gray_float
      case .rgb: recolor_rgb_float
      case .cmyk: recolor_cmyk_float
      }
    guard let linear = Self.linearProfile() else { return nil }
    defer { cmsCloseProfile(linear) }
    guard let handle = profile.withHandle({ Self.transform(from: $0, format, to: linear, recolor_rgb_float) }) else {
      return nil
    }
    self.handle = handle
  }

  /// Creates a conversion to the profile. Nil where it is not of RGB, or supports one direction only.
  init?(fromLinear profile: ColorProfile) {
    guard profile.color == .rgb, let linear = Self.linearProfile() else { return nil }
    defer { cmsCloseProfile(linear) }
    guard
      let handle = profile.withHandle({ Self.transform(from: linear, recolor_rgb_float, to: $0, recolor_rgb_float) })
    else { return nil }
    self.handle = handle
  }

  deinit { cmsDeleteTransform(handle) }

  /// Converts `count` pixels.
  func apply(_ source: UnsafeBufferPointer<Float>, _ target: UnsafeMutableBufferPointer<Float>, count: Int) {
    cmsDoTransform(handle, source.baseAddress, target.baseAddress, cmsUInt32Number(count))
  }

  private static func transform(
    from source: cmsHPROFILE, _ sourceFormat: cmsUInt32Number, to target: cmsHPROFILE, _ targetFormat: cmsUInt32Number
  ) -> cmsHTRANSFORM? {
    cmsCreateTransform(
      source, sourceFormat, target, targetFormat, cmsUInt32Number(INTENT_RELATIVE_COLORIMETRIC),
      cmsUInt32Number(cmsFLAGS_NOCACHE | cmsFLAGS_BLACKPOINTCOMPENSATION))
  }

  /// Creates a profile of sRGB's white point and primaries with a linear transfer function.
  private static func linearProfile() -> cmsHPROFILE? {
    var white = cmsCIExyY(x: 0.3127, y: 0.3290, Y: 1)
    var primaries = cmsCIExyYTRIPLE(
      Red: cmsCIExyY(x: 0.64, y: 0.33, Y: 1), Green: cmsCIExyY(x: 0.30, y: 0.60, Y: 1),
      Blue: cmsCIExyY(x: 0.15, y: 0.06, Y: 1))
    guard let curve = cmsBuildGamma(nil, 1) else { return nil }
    defer { cmsFreeToneCurve(curve) }
    var curves: [OpaquePointer?] = [curve, curve, curve]
    return cmsCreateRGBProfile(&white, &primaries, &curves)
  }
}
