/// Generation of an NVIDIA GPU: what instructions it has.
public struct ComputeCapability: Hashable, Sendable {
  public let major: Int
  public let minor: Int

  public init(major: Int, minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV of the extension cl_nv_device_attribute_query.
  static let majorQuery: Int32 = 0x4000
  /// CL_DEVICE_COMPUTE_CAPABILITY_MINOR_NV
  static let minorQuery: Int32 = 0x4001
}

extension ComputeCapability: CustomStringConvertible {
  public var description: String { "\(major).\(minor)" }
}
