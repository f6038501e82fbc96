import Runtime

/// What methods were measured with: they are good for nothing else.
struct TuningIdentity: Codable, Hashable, Sendable {
  let platform: String
  let platformVersion: String
  let device: String
  let driverVersion: String
  let precision: Precision
  /// SHA-256 of the kernel files.
  let kernels: String

  /// Nil where no digest can be computed.
  init?(_ device: CLDevice, _ precision: Precision, _ sources: KernelSources) {
    guard let kernels = sources.digest() else { return nil }
    platform = device.platformName
    platformVersion = device.platformVersion
    self.device = device.name
    driverVersion = device.driverVersion
    self.precision = precision
    self.kernels = kernels
  }

  /// What differs, for a message; nil if both are the same.
  func difference(from other: TuningIdentity) -> String? {
    if (platform, platformVersion) != (other.platform, other.platformVersion) { return "another platform" }
    if device != other.device { return "another device" }
    if driverVersion != other.driverVersion { return "another driver version" }
    if precision != other.precision { return "another precision" }
    return kernels == other.kernels ? nil : "other kernel files"
  }
}
