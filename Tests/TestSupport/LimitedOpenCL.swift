import Foundation
import Glibc
import Runtime

/// The OpenCL library of Tests/LimitedOpenCL, which was built with these tests: PoCL's devices with the limits of
/// smaller ones. `limits` are the words of its header.
public enum LimitedOpenCL {
  private static let path = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    .appending(path: "libLimitedOpenCL.so").path

  /// Returns its device, in this process. The limits hold until the next call.
  public static func device(_ limits: String) throws -> CLDevice {
    let library = try OpenCLLibrary(names: [path])
    // The first question reads the environment, whose limits those here replace.
    _ = try CLDevice.all(in: library)
    guard let handle = dlopen(path, RTLD_NOW), let symbol = dlsym(handle, "limited_opencl_set") else {
      throw BackendError.library(name: path, reason: "lacks limited_opencl_set")
    }
    typealias SetLimits = @convention(c) (UnsafePointer<CChar>) -> Void
    unsafeBitCast(symbol, to: SetLimits.self)(limits)
    guard let device = try CLDevice.all(in: library).first else {
      throw BackendError.noSuchDevice("PoCL has no device")
    }
    return device
  }

  /// Returns environment variables with which a process finds this library in place of the loader.
  /// - Parameter folder: a folder that stays while the process runs.
  public static func environment(_ limits: String, in folder: TemporaryFolder) throws -> [String: String] {
    let link = folder.path + "/libOpenCL.so.1"
    if !FileManager.default.fileExists(atPath: link) {
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    }
    let folders = [folder.path, ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]]
    return ["LD_LIBRARY_PATH": folders.compactMap { $0 }.joined(separator: ":"), "LIMITED_OPENCL": limits]
  }
}
