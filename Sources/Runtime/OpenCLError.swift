/// An OpenCL call that returned an error status.
public struct OpenCLError: Error {
  /// The C function: `clBuildProgram`.
  public let call: String
  /// The status it returned: −11.
  public let status: Int32
  /// What it was about: the kernel's name, the build log.
  public let detail: String?

  public init(call: String, status: Int32, detail: String? = nil) {
    self.call = call
    self.status = status
    self.detail = detail
  }
}

extension OpenCLError: CustomStringConvertible {
  public var description: String { "\(call) failed with status \(status)" + (detail.map { ": \($0)" } ?? "") }
}
