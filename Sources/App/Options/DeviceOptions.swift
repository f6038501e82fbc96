import ArgumentParser
import CLKernels
import CPUKernels
import MessagePassing
import Runtime

/// The option `--device`.
struct DeviceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where to compute.",
      discussion: """
        auto takes an OpenCL GPU if there is one, otherwise the processor; cpu is the processor without OpenCL; opencl \
        is the best OpenCL device of any kind; opencl:P.D is one of those that "recolor devices" lists.
        """,
      valueName: "device"))
  var device: DeviceSelection = .automatic
}

/// A value of `--device`.
enum DeviceSelection: Hashable, ExpressibleByArgument {
  /// An OpenCL GPU if there is one, otherwise the processor.
  case automatic
  case cpu
  /// The best OpenCL device of any kind.
  case openCL
  /// The OpenCL device `P.D`.
  case openCLDevice(String)

  init?(argument: String) {
    switch argument {
    case "auto": self = .automatic
    case "cpu": self = .cpu
    case "opencl": self = .openCL
    default:
      let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0] == "opencl" else { return nil }
      let numbers = parts[1].split(separator: ".", omittingEmptySubsequences: false)
      guard numbers.count == 2, numbers.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isNumber) }) else { return nil }
      self = .openCLDevice(String(parts[1]))
    }
  }

  var defaultValueDescription: String { description }

  static let allValueStrings = ["auto", "cpu", "opencl", "opencl:P.D"]

  /// Completes to the available devices.
  static var defaultCompletionKind: CompletionKind {
    .custom { _, _, _ in
      ["auto", "cpu", "opencl"] + ((try? CLDevice.all()) ?? []).map { "opencl:\($0.index)" }
    }
  }
}

extension DeviceSelection: CustomStringConvertible {
  var description: String {
    switch self {
    case .automatic: "auto"
    case .cpu: "cpu"
    case .openCL: "opencl"
    case .openCLDevice(let index): "opencl:\(index)"
    }
  }
}

extension DeviceSelection {
  /// Opens the device.
  /// - Parameters:
  ///   - precision: The precision of convolutions.
  ///   - products: How the processor's convolutions multiply.
  ///   - profiling: Whether an OpenCL device times kernels by its own clock.
  ///   - place: The ranks that this process is one of, and its share of the machine.
  ///   - isStated: Whether a remark says that `auto` finds no GPU and takes the processor. `--verbose` always names the
  ///     device.
  /// - Throws: `BackendError`, where the device does not exist, or cannot be used, or not with this precision or
  ///   without BLAS.
  func open(
    _ precision: PrecisionSelection, _ products: ProductSelection, profiling: Bool = false,
    in place: RankPlace = .single, isStated: Bool = false
  ) throws(BackendError) -> any Backend {
    let (backend, reason) = try opened(precision, products, profiling: profiling, place)
    let device = backend.deviceDescription
    if let reason, isStated {
      Console.note("\(reason); using the processor: \(device)")
    } else {
      Console.detail("\(reason.map { "\($0); " } ?? "")computing on \(backend.name): \(device)")
    }
    return backend
  }

  /// Opens the device.
  /// - Returns: The device, and the reason why `auto` takes the processor where it does.
  private func opened(
    _ precision: PrecisionSelection, _ products: ProductSelection, profiling: Bool, _ place: RankPlace
  ) throws(BackendError) -> (backend: any Backend, reason: String?) {
    func backend(on device: CLDevice) throws(BackendError) -> CLBackend {
      let backend = try CLBackend(device: device, precision: precision.precision, profiling: profiling)
      // The timings of all kernels of a run would fill the memory.
      backend.recordsTimings = false
      return backend
    }
    let own = try place.ownGPU(for: self, isWanted: self == .automatic || self == .openCL)
    switch self {
    case .cpu: return (try Self.processor(precision, products, place), nil)
    case .openCL:
      if let own { return (try backend(on: own), nil) }
      return (try backend(on: try CLDevice.automatic()), nil)
    case .openCLDevice(let index):
      do throws(BackendError) {
        return (try backend(on: try CLDevice.named(index)), nil)
      } catch .noSuchDevice(let reason) {
        throw .noSuchDevice("--device \(self): \(reason)")
      }
    case .automatic:
      var reason = "no OpenCL GPU found"
      var gpu = own
      do throws(BackendError) {
        if gpu == nil { gpu = try Self.automaticGPU() }
      } catch .library(let name, let problem) {
        reason = "no OpenCL (\(name): \(problem))"
      }
      // Where a GPU exists and cannot be used, that is an error, which falling back to the processor would hide.
      if let gpu { return (try backend(on: gpu), nil) }
      return (try Self.processor(precision, products, place), reason)
    }
  }

  private static func processor(
    _ precision: PrecisionSelection, _ products: ProductSelection, _ place: RankPlace
  ) throws(BackendError) -> CPUBackend {
    let processor = CPUBackend(threadCount: place.threadCount, blas: try products.library())
    if let named = precision.precision, named != processor.precision {
      throw .unsupportedPrecision(named, device: processor.name, reason: "it is for NVIDIA's tensor cores")
    }
    return processor
  }

  /// The device that `auto` takes; nil for the processor.
  static func automaticGPU() throws(BackendError) -> CLDevice? {
    guard try !CLDevice.all().isEmpty else { return nil }
    let best = try CLDevice.automatic()
    return best.kind == .gpu ? best : nil
  }
}
