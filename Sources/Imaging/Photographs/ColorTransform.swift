import CLittleCMS

/// A conversion of colors between a profile's space and linear light of sRGB's primaries, by Little CMS in floating point.
///
/// `@unchecked Sendable`: made without the library's cache of one pixel, a transform may be used by many threads at once.
final class ColorTransform: @unchecked Sendable {
  private let handle: cmsHTRANSFORM

  /// From the profile: gray and RGB of 0...1, ink of 0...100.
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

  /// To the profile, which must be of RGB. Nil where the profile works in one direction only.
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

  /// sRGB's white and primaries without its curve.
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
