/// An OpenCL call that returned an error status.
public struct OpenCLError: Error {
  /// The C function: `clBuildProgram`.
  public let call: String
  /// The status it returned: −11.
  public let status: Int32
  /// What it was about, in one line: the kernel's name, the first error of the build log.
  public let detail: String?
  /// The compiler's whole output, of a program that did not build.
  public let buildLog: String?

  public init(call: String, status: Int32, detail: String? = nil, buildLog: String? = nil) {
    self.call = call
    self.status = status
    self.detail = detail
    self.buildLog = buildLog
  }

  /// Whether a status of an allocation, or of a first use that allocates, means that there is no room.
  public var meansOutOfMemory: Bool { CLMemory.meansOutOfMemory(status) }

  /// The status as the OpenCL headers call it: `CL_BUILD_PROGRAM_FAILURE`.
  public var statusName: String { openCLStatusNames[status] ?? "unknown status \(status)" }
}

extension OpenCLError: CustomStringConvertible {
  public var description: String { "\(call): \(statusName)" + (detail.map { ": \($0)" } ?? "") }
}
