import COpenCL

/// A built program. Owns the handle. Many kernel objects share one program.
public final class CLProgram {
  /// The name in messages: `convolution.cl`.
  public let name: String
  public let context: CLContext
  let handle: cl_program
  private var library: OpenCLLibrary { context.library }

  /// Compiles `source`, or takes the binary that `cache` holds for it; a damaged or refused binary is built anew.
  /// - Parameter keepsBinary: whether `cache` is for the binary too, or only for the log of a failed build.
  /// - Throws: `CL_BUILD_PROGRAM_FAILURE` with the first error of the build log as `detail` and all of it as
  ///   `buildLog`; with a cache the log is also a file in its folder, which `detail` names.
  public convenience init(
    _ name: String, source: String, options: String = "", context: CLContext, cache: CLProgramCache? = nil,
    keepsBinary: Bool = true
  ) throws(BackendError) {
    guard keepsBinary, let cache, let key = cache.key(source: source, options: options, device: context.device) else {
      try self.init(name, compiling: source, options: options, context: context, cache: cache)
      return
    }
    if let binary = cache.binary(for: key),
      let handle = CLProgram.load(binary, options: options, context: context)
    {
      self.init(name, handle: handle, context: context)
      return
    }
    try self.init(name, compiling: source, options: options, context: context, cache: cache)
    if let binary = try? binary(), !binary.isEmpty { cache.store(binary, for: key) }
  }

  private init(_ name: String, handle: cl_program, context: CLContext) {
    self.name = name
    self.handle = handle
    self.context = context
  }

  private init(_ name: String, compiling source: String, options: String, context: CLContext, cache: CLProgramCache?)
    throws(BackendError)
  {
    let library = context.library
    var status: cl_int = 0
    let created = source.withCString { text in
      var text: UnsafePointer<CChar>? = text
      return library.createProgramWithSource(context.handle, 1, &text, nil, &status)
    }
    let handle = try checked(created, status, "clCreateProgramWithSource", name)
    // From here on deinit releases the handle, also when the build fails.
    self.handle = handle
    self.name = name
    self.context = context
    var id: cl_device_id? = context.device.id
    let built = library.buildProgram(handle, 1, &id, options, nil, nil)
    guard built == CL_SUCCESS else {
      let log =
        (try? InfoQuery(call: "clGetProgramBuildInfo") { size, value, needed in
          library.getProgramBuildInfo(
            handle, context.device.id, cl_program_build_info(CL_PROGRAM_BUILD_LOG), size, value, needed)
        }.string()) ?? ""
      let place = log.isEmpty ? nil : cache?.storeLog(log, of: name)
      let detail = "\(name): \(CLProgram.summary(of: log))" + (place.map { "; the whole log is in \($0)" } ?? "")
      throw .openCL(OpenCLError(call: "clBuildProgram", status: built, detail: detail, buildLog: log))
    }
  }

  deinit { _ = library.releaseProgram(handle) }

  /// The first line of a build log that tells of an error, or its first line.
  static func summary(of log: String) -> String {
    let lines = log.split(whereSeparator: \.isNewline)
    let line = lines.first { $0.contains("error") } ?? lines.first { $0.contains { !$0.isWhitespace } }
    return line.map(String.init) ?? "the driver gives no build log"
  }

  /// The compiled program in the driver's own format.
  public func binary() throws(BackendError) -> [UInt8] {
    func info(_ parameter: Int32) -> InfoQuery {
      InfoQuery(call: "clGetProgramInfo") { [library, handle] size, value, needed in
        library.getProgramInfo(handle, cl_program_info(parameter), size, value, needed)
      }
    }
    let byteCount = try info(CL_PROGRAM_BINARY_SIZES).value(Int(0))
    var bytes = [UInt8](repeating: 0, count: byteCount)
    guard byteCount > 0 else { return bytes }
    let status = bytes.withUnsafeMutableBufferPointer { buffer in
      var pointer: UnsafeMutablePointer<UInt8>? = buffer.baseAddress
      return info(CL_PROGRAM_BINARIES).body(MemoryLayout<UnsafeMutablePointer<UInt8>?>.size, &pointer, nil)
    }
    try check(status, "clGetProgramInfo", name)
    return bytes
  }

  /// A built program from a binary, or nil if the driver does not take it.
  private static func load(_ binary: [UInt8], options: String, context: CLContext) -> cl_program? {
    let library = context.library
    var status: cl_int = 0
    var binaryStatus: cl_int = 0
    var id: cl_device_id? = context.device.id
    var byteCount = binary.count
    let created = binary.withUnsafeBufferPointer { buffer in
      var pointer = buffer.baseAddress
      return library.createProgramWithBinary(context.handle, 1, &id, &byteCount, &pointer, &binaryStatus, &status)
    }
    guard let handle = created else { return nil }
    guard status == CL_SUCCESS, binaryStatus == CL_SUCCESS,
      library.buildProgram(handle, 1, &id, options, nil, nil) == CL_SUCCESS
    else {
      _ = library.releaseProgram(handle)
      return nil
    }
    return handle
  }
}
