import CMessagePassing
import Files
import FoundationEssentials
import Glibc

/// librecolor-mpi.so, which reaches the MPI that it was compiled for.
///
/// It is opened at run time, so that the program needs no MPI and runs with any: each has types of its own, and only
/// code that was compiled with its header can call it.
public struct MPILibrary: Sendable {
  /// The file, by the path where it was found.
  public let path: String
  /// The name and version of MPI, as it reports them, in one line.
  public let mpi: String
  /// Initializes MPI.
  let join: Transport.Join

  private static let fileName = "librecolor-mpi.so"
  private static let loaded = Result { () throws(MessagePassingError) in try MPILibrary(in: places) }

  /// The library of this process: the one that `RECOLOR_MPI` names, else the one beside the program or among the
  /// libraries that are installed with it.
  /// - Throws: `MessagePassingError.library`.
  public static func shared() throws(MessagePassingError) -> MPILibrary { try loaded.get() }

  /// Whether there is a file, or one is asked for.
  public static var isPresent: Bool {
    Environment.paths["RECOLOR_MPI"] != nil || places.contains { access($0, F_OK) == 0 }
  }

  private static var places: [String] {
    if let path = Environment.paths["RECOLOR_MPI"] { return [path] }
    let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let folder = program.lastIndex(of: "/").map { program[..<$0] } ?? ""
    return ["\(folder)/\(fileName)", "\(folder)/../lib/recolor/\(fileName)"]
  }

  /// Opens the first of `places` that is there.
  private init(in places: [String]) throws(MessagePassingError) {
    guard let path = places.first(where: { access($0, F_OK) == 0 }) else {
      let asked = Environment.paths["RECOLOR_MPI"].map { "RECOLOR_MPI=\($0): there is no such file" }
      throw .library(
        reason: "\(asked ?? "\(Self.fileName) is missing beside the program"); `Scripts/setup distributed && make mpi` "
          + "builds it for the MPI of this machine")
    }
    // Open MPI loads parts that look for its functions among those of all libraries.
    guard let handle = dlopen(path, RTLD_NOW | RTLD_GLOBAL) else {
      let reason = dlerror().map { String(cString: $0) } ?? "cannot be opened"
      throw .library(reason: "\(path): \(reason.trimmingPrefix("\(path): ")); build it anew with `make mpi`")
    }
    guard let symbol = dlsym(handle, "recolor_mpi_library"),
      let library = unsafeBitCast(symbol, to: mpi_library_function.self)(),
      library.pointee.layout == MPI_LIBRARY_LAYOUT, let name = library.pointee.name, let join = library.pointee.join
    else {
      throw .library(reason: "\(path): it is of another version of recolor; build it anew with `make mpi`")
    }
    self.path = path
    // `Open MPI v4.1.4, package: …`, and of MPICH `MPICH Version:      4.0.2` before more lines.
    let line = name().map { String(cString: $0) }?.split(whereSeparator: { $0.isNewline || $0 == "," }).first
    mpi = line.map { $0.split(separator: " ").joined(separator: " ") } ?? "MPI"
    self.join = { table throws(MessagePassingError) in
      guard join(table) == 0 else { throw Transport.error(of: table) }
    }
  }
}
